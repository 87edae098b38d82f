"""CNN-SVM: what the faces of a window have in common and how far they differ, in a linear SVM.

Means and standard deviations of each number of the embeddings over the window, as in the paper
(Ryumina et al. 2022, Fig. 3). What it leaves open was chosen so: deviations are those of the
population, so that a single face has a deviation of 0; the statistics are standardised; the SVM
is linear; and its seven decision values become probabilities by a softmax at a temperature.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def window_statistics(embeddings: Tensor, present: Tensor) -> Tensor:
    """Means, then standard deviations: (W, 1024) of embeddings (W, T, 512).

    Only samples count where `present` (W, T) is 1; where there are none, all is 0.
    """
    count = torch.maximum(present.sum(1, keepdim=True), present.new_ones(1))
    weights = (present / count).unsqueeze(2)
    mean = (weights * embeddings).sum(1, keepdim=True)
    variance = (weights * (embeddings - mean).square()).sum(1)
    return torch.cat([mean.squeeze(1), variance.sqrt()], dim=1)


class CnnSvm(nn.Module):
    """A fitted SVM, made of the arrays that scikit-learn leaves.

    Args:
        mean, scale: Of the statistics at training, (1024,): those of a `StandardScaler`.
        weight, bias: (7, 1024) and (7,): `coef_` and `intercept_` of a `LinearSVC`.
        temperature: What its decision values are divided by.
    """

    def __init__(
        self,
        mean: NDArray[np.float64],
        scale: NDArray[np.float64],
        weight: NDArray[np.float64],
        bias: NDArray[np.float64],
        temperature: float,
    ) -> None:
        super().__init__()
        # (x - mean) / scale · weight + bias, all over the temperature, is one linear layer.
        slope = weight / scale
        self.decision = nn.Linear(slope.shape[1], len(slope))
        self.decision.weight.data = torch.from_numpy(slope / temperature).float()
        self.decision.bias.data = torch.from_numpy((bias - slope @ mean) / temperature).float()

    def forward(self, embeddings: Tensor, present: Tensor) -> Tensor:
        """Logits (W, 7) of embeddings (W, T, 512); those with `present` (W, T) 0 do not count."""
        logits: Tensor = self.decision(window_statistics(embeddings, present))
        return logits
