"""CNN-LSTM: two LSTMs read the faces of a window in turn (Ryumina et al. 2022, section 3.3).

The names of its parts are those of the authors' files, which fit.
"""

from __future__ import annotations

from torch import Tensor, nn

from streamfer.emotion.backbone import EMBEDDING_SIZE
from streamfer.emotion.labels import EMOTIONS


class CnnLstm(nn.Module):
    """512 neurons, then 256, each with a dropout of 0.2 after it; the last step is classified."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm1 = nn.LSTM(EMBEDDING_SIZE, 512, batch_first=True)
        self.lstm2 = nn.LSTM(512, 256, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(256, len(EMOTIONS))

    def forward(self, embeddings: Tensor, present: Tensor) -> Tensor:
        """Logits (W, 7) of embeddings (W, T, 512), of which those with `present` (W, T) 0 are 0."""
        steps, _ = self.lstm1(embeddings * present.unsqueeze(2))
        steps, _ = self.lstm2(self.dropout(steps))
        logits: Tensor = self.fc(self.dropout(steps[:, -1]))
        return logits
