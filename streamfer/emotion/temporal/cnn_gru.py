"""CNN-GRU: CNN-LSTM with gated recurrent units instead, which have a quarter less to learn."""

from __future__ import annotations

from torch import Tensor, nn

from streamfer.emotion.backbone import EMBEDDING_SIZE
from streamfer.emotion.labels import EMOTIONS


class CnnGru(nn.Module):
    """512 neurons, then 256, each with a dropout of 0.2 after it; the last step is classified."""

    def __init__(self) -> None:
        super().__init__()
        self.gru1 = nn.GRU(EMBEDDING_SIZE, 512, batch_first=True)
        self.gru2 = nn.GRU(512, 256, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(256, len(EMOTIONS))

    def forward(self, embeddings: Tensor, present: Tensor) -> Tensor:
        """Logits (W, 7) of embeddings (W, T, 512), of which those with `present` (W, T) 0 are 0."""
        steps, _ = self.gru1(embeddings * present.unsqueeze(2))
        steps, _ = self.gru2(self.dropout(steps))
        logits: Tensor = self.fc(self.dropout(steps[:, -1]))
        return logits
