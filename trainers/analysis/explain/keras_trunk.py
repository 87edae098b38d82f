"""A network of Keras's cut where its last maps are, which have the axes there that torch's have."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class KerasTrunk(nn.Module):
    """The trunk of a `KerasFamily`, whose part `maps` gives its last maps (N, C, h, w)."""

    def __init__(self, trunk: Any) -> None:  # noqa: ANN401 - Keras has no types
        super().__init__()
        # Its last layer takes the mean of the maps.
        self.maps = _Maps(type(trunk)(trunk.inputs, trunk.layers[-1].input))

    def forward(self, faces: Tensor, *, training: bool) -> Tensor:
        """The features (N, C) of faces (N, S, S, 3) as the network wants them."""
        maps: Tensor = self.maps(faces, training)
        return maps.mean((2, 3))


class _Maps(nn.Module):
    """The maps, with which gradients begin."""

    def __init__(self, look: nn.Module) -> None:
        super().__init__()
        self._look = look

    def forward(self, faces: Tensor, training: bool) -> Tensor:
        with torch.no_grad():
            maps: Tensor = self._look(faces, training=training)
        return maps.permute(0, 3, 1, 2).requires_grad_()
