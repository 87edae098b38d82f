"""Random changes that leave an expression what it is, on a whole batch at once.

They stand for what differs between FER2013 and faces cut from videos: framing (five-point
alignment is off by a few pixels), exposure, sharpness, sensor noise, and things before the face.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

ROTATION = math.radians(12)
ZOOM = 0.15
SHIFT = 0.16  # of half the side: 4 pixels of 48
BRIGHTNESS = 40.0
CONTRAST = 0.4
NOISE = 8.0
HOLE = (6, 20)


def _uniform(count: int, low: float, high: float) -> Tensor:
    return torch.empty(count, 1, 1, 1).uniform_(low, high)


def _sometimes(count: int, probability: float) -> Tensor:
    return (torch.rand(count, 1, 1, 1) < probability).float()


def augment(faces: Tensor) -> Tensor:
    """Grey faces, uint8 (N, S, S), to changed ones, float (N, 1, S, S) in 0..255.

    Randomness comes from torch's global generator.
    """
    x = _reframe(faces.unsqueeze(1).float())
    x = _reexpose(x)
    return _cover(x)


def mixup(x: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Blend each face and its target (N, 7) with another of the batch (Zhang et al. 2018)."""
    share = torch.distributions.Beta(alpha, alpha).sample((len(x),))
    other = torch.randperm(len(x))
    x = torch.lerp(x[other], x, share.view(-1, 1, 1, 1))
    return x, torch.lerp(targets[other], targets, share.view(-1, 1))


def _reframe(x: Tensor) -> Tensor:
    """Rotate, zoom (height and width apart a little), shift, and mirror every second face."""
    count = len(x)
    angle = torch.empty(count).uniform_(-ROTATION, ROTATION)
    zoom = torch.empty(count).uniform_(1 - ZOOM, 1 + ZOOM)
    stretch = torch.empty(count).uniform_(0.95, 1.05)
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    shift = torch.empty(count, 2).uniform_(-SHIFT, SHIFT)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    across = torch.stack([cos * stretch * mirror, -sin, shift[:, 0]], dim=1)
    down = torch.stack([sin * mirror, cos / stretch, shift[:, 1]], dim=1)
    grid = functional.affine_grid(
        torch.stack([across, down], dim=1), list(x.shape), align_corners=False
    )
    return functional.grid_sample(x, grid, padding_mode="border", align_corners=False)


def _reexpose(x: Tensor) -> Tensor:
    """Change contrast and brightness, soften some faces, roughen others."""
    count = len(x)
    mean = x.mean((1, 2, 3), keepdim=True)
    contrast = _uniform(count, 1 - CONTRAST, 1 + CONTRAST)
    x = (x - mean) * contrast + mean + _uniform(count, -BRIGHTNESS, BRIGHTNESS)
    smooth = functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
    x = torch.lerp(x, smooth, _sometimes(count, 0.3) * _uniform(count, 0, 1))
    x = x + torch.randn_like(x) * _sometimes(count, 0.3) * _uniform(count, 0, NOISE)
    return x.clamp(0, 255)


def _cover(x: Tensor) -> Tensor:
    """Lay a rectangle of one grey over every second face (Zhong et al. 2020)."""
    count, _, height, width = x.shape
    size = _uniform(2 * count, *HOLE).view(2, count, 1)
    centre = torch.rand(2, count, 1) * torch.tensor([height, width]).view(2, 1, 1)
    rows = ((torch.arange(height) - centre[0]).abs() < size[0] / 2).view(count, 1, height, 1)
    columns = ((torch.arange(width) - centre[1]).abs() < size[1] / 2).view(count, 1, 1, width)
    hole = (rows & columns) * _sometimes(count, 0.5)
    return torch.lerp(x, _uniform(count, 0, 255).expand_as(x), hole)
