"""CNN-LSTM-A: CNN-LSTM with attention between its layers (Ryumina et al. 2022, section 3.3).

The attention is that of Yang et al. 2016, which sums a sequence up in one vector, and the paper
leaves open what the second LSTM then reads. Chosen here: the sequence stays one, each step
multiplied by its weight. A sample without a face weighs 0, and the others 1 in the mean, so that
equal weights change nothing. Each LSTM is followed by batch norm over all steps of all windows,
and then by the dropout of CNN-LSTM.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from streamfer.emotion.backbone import EMBEDDING_SIZE
from streamfer.emotion.labels import EMOTIONS


class Attention(nn.Module):
    """How much each step of a sequence matters: the softmax over time of c · tanh(Wh + b)."""

    def __init__(self, neurons: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(neurons, neurons)
        self.context = nn.Linear(neurons, 1, bias=False)

    def forward(self, steps: Tensor, present: Tensor) -> Tensor:
        """Weights (W, T) of steps (W, T, neurons): 0 where `present` is 0, else 1 in the mean."""
        scores = self.context(torch.tanh(self.hidden(steps))).squeeze(2)
        # No score comes near 10,000, which half precision still holds.
        weights = torch.softmax(scores + 1e4 * (present - 1), dim=1)
        return weights * present.sum(1, keepdim=True)


class CnnLstmA(nn.Module):
    """512 neurons, attention, 256 neurons; the last step is classified."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm1 = nn.LSTM(EMBEDDING_SIZE, 512, batch_first=True)
        self.batch_norm1 = nn.BatchNorm1d(512)
        self.attention = Attention(512)
        self.lstm2 = nn.LSTM(512, 256, batch_first=True)
        self.batch_norm2 = nn.BatchNorm1d(256)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(256, len(EMOTIONS))

    def forward(self, embeddings: Tensor, present: Tensor) -> Tensor:
        """Logits (W, 7) of embeddings (W, T, 512), of which those with `present` (W, T) 0 are 0."""
        steps, _ = self.lstm1(embeddings * present.unsqueeze(2))
        steps = self.dropout(self.batch_norm1(steps.transpose(1, 2)).transpose(1, 2))
        weights = self.attention(steps, present)
        steps, _ = self.lstm2(steps * weights.unsqueeze(2))
        logits: Tensor = self.fc(self.dropout(self.batch_norm2(steps[:, -1])))
        return logits
