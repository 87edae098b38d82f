"""Heat maps: which places of a face speak for an expression."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from captum.attr import (  # type: ignore[import-untyped]
    LayerActivation,
    LayerAttribution,
    LayerGradCam,
    LayerGradientXActivation,
)
from numpy.typing import NDArray
from torch import Tensor

from streamfer.errors import UsageError
from trainers.analysis.explain.explainable import Explainable
from trainers.analysis.explain.method import Method


def heat_maps(
    explainable: Explainable,
    face: NDArray[np.uint8],
    targets: Sequence[int],
    method: Method = Method.GRAD_CAM,
) -> NDArray[np.float32]:
    """How much each place speaks for each of some expressions: float32 (targets, S, S) in 0..1.

    `face` is cut out, uint8 (H, W, 3) RGB; `targets` are indices into `EMOTIONS`, whose logits are
    explained. What speaks against them is left out; where a map is 0 everywhere, no place speaks
    for the expression. Maps of Grad-CAM share the scale of the strongest, so that they can be
    compared. Of LayerCAM's each has a scale of its own: what is negative in a gradient is not
    weighed against what is positive, so they tell where, but not how much.

    Raises:
        UsageError: No maps of the network are known; or only the last, and LayerCAM is asked for.
    """
    if explainable.last is None:
        raise UsageError(f"{explainable.name} cannot be explained: {explainable.why_not}")
    faces = torch.from_numpy(explainable.fit([face] * len(targets)))
    coarse = _OF_METHOD[method](explainable, faces, torch.tensor(targets))
    side = explainable.crop.size
    fine = LayerAttribution.interpolate(coarse.detach(), (side, side), "bilinear")
    together = (2, 3) if method is Method.LAYER_CAM else (0, 2, 3)
    strongest = fine.amax(together, keepdim=True).clamp(min=torch.finfo(fine.dtype).tiny)
    heat: NDArray[np.float32] = (fine / strongest).numpy()[:, 0]
    return heat


def _grad_cam(explainable: Explainable, faces: Tensor, targets: Tensor) -> Tensor:
    """Heat (N, 1, h, w) of the last maps."""
    method = LayerGradCam(explainable.net, explainable.last)
    heat: Tensor = method.attribute(faces, targets, relu_attributions=True)
    return heat


def _layer_cam(explainable: Explainable, faces: Tensor, targets: Tensor) -> Tensor:
    """Heat (N, 1, h, w) of the fine maps."""
    net, layer = explainable.net, explainable.fine
    if layer is None:
        raise UsageError(f"Of {explainable.name} only the last maps are known: use grad-cam.")
    gradients = LayerGradientXActivation(net, layer, multiply_by_inputs=False)
    weights = torch.relu(gradients.attribute(faces, targets))
    maps = LayerActivation(net, layer).attribute(faces)
    return torch.relu((weights * maps).sum(1, keepdim=True))


_OF_METHOD = {Method.GRAD_CAM: _grad_cam, Method.LAYER_CAM: _layer_cam}
