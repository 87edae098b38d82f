"""Random changes that leave an expression what it is, on a whole batch at once.

They stand for what differs between still pictures and faces cut from videos: framing
(five-point alignment is off by a few pixels), resolution, compression, exposure, light from one
side, sharpness, sensor noise, and things before the face. Colour is not among them: the network
sees grey.
"""

import math

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

ROTATION = math.radians(14)
ZOOM = 0.15
STRETCH = 0.05
SHIFT = 0.14  # of half the side
BRIGHTNESS = 40.0
CONTRAST = 0.4
SLOPE = 0.4  # of the light, from the middle to an edge
NOISE = 8.0
QUALITY = (12, 70)  # of JPEG
SMALLEST = 0.35  # of the side
HOLE = (0.12, 0.4)  # of the side
ALIKE = 16  # faces of a batch that are made small together: each size is a call


def augment(faces: Tensor, strength: float = 1.0) -> Tensor:
    """Grey faces, uint8 (N, S, S), to changed ones, float (N, 1, S, S) in 0..255.

    `strength`, 0 to 1, scales how far faces are moved and relit, and how many are spoilt.
    Randomness comes from torch's global generator.
    """
    x = _reframe(faces.unsqueeze(1).float(), strength)
    x = _relight(x, strength)
    x = torch.cat([_shrink(part, strength) for part in torch.split(x, ALIKE)])
    x = _soften(x, strength)
    x = _compress(x, strength)
    return _cover(x, strength)


def mixup(x: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Blend each face and its target (N, 7) with another of the batch (Zhang et al. 2018)."""
    share = torch.distributions.Beta(alpha, alpha).sample((len(x),))
    other = torch.randperm(len(x))
    x = torch.lerp(x[other], x, share.view(-1, 1, 1, 1))
    return x, torch.lerp(targets[other], targets, share.view(-1, 1))


def _uniform(count: int, low: float, high: float) -> Tensor:
    return torch.empty(count, 1, 1, 1).uniform_(low, high)


def _sometimes(count: int, probability: float) -> Tensor:
    return (torch.rand(count, 1, 1, 1) < probability).float()


def _reframe(x: Tensor, strength: float) -> Tensor:
    """Rotate, zoom (height and width apart a little), shift, and mirror every second face."""
    count = len(x)
    angle = torch.empty(count).uniform_(-ROTATION, ROTATION) * strength
    zoom = 1 + torch.empty(count).uniform_(-ZOOM, ZOOM) * strength
    stretch = 1 + torch.empty(count).uniform_(-STRETCH, STRETCH) * strength
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    shift = torch.empty(count, 2).uniform_(-SHIFT, SHIFT) * strength
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    across = torch.stack([cos * stretch * mirror, -sin, shift[:, 0]], dim=1)
    down = torch.stack([sin * mirror, cos / stretch, shift[:, 1]], dim=1)
    grid = functional.affine_grid(
        torch.stack([across, down], dim=1), list(x.shape), align_corners=False
    )
    return functional.grid_sample(x, grid, padding_mode="border", align_corners=False)


def _relight(x: Tensor, strength: float) -> Tensor:
    """Change contrast and brightness, and light some faces from one side."""
    count, _, height, width = x.shape
    mean = x.mean((1, 2, 3), keepdim=True)
    contrast = 1 + _uniform(count, -CONTRAST, CONTRAST) * strength
    x = (x - mean) * contrast + mean + _uniform(count, -BRIGHTNESS, BRIGHTNESS) * strength
    across = torch.linspace(-1, 1, width) * _uniform(count, -SLOPE, SLOPE)
    down = torch.linspace(-1, 1, height).view(-1, 1) * _uniform(count, -SLOPE, SLOPE)
    x = x * (1 + (across + down) * _sometimes(count, 0.3 * strength))
    return x.clamp(0, 255)


def _shrink(x: Tensor, strength: float) -> Tensor:
    """Show every fifth group of faces as if it had come with fewer pixels."""
    if torch.rand(()) > 0.2 * strength:
        return x
    side = x.shape[-1]
    small = round(side * float(torch.empty(()).uniform_(SMALLEST, 1)))
    x = functional.interpolate(x, (small, small), mode="bilinear", antialias=True)
    return functional.interpolate(x, (side, side), mode="bilinear")


def _soften(x: Tensor, strength: float) -> Tensor:
    """Soften some faces, roughen others."""
    count = len(x)
    smooth = functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
    x = torch.lerp(x, smooth, _sometimes(count, 0.3 * strength) * _uniform(count, 0, 1))
    x = x + torch.randn_like(x) * _sometimes(count, 0.3 * strength) * _uniform(count, 0, NOISE)
    return x.clamp(0, 255)


def _compress(x: Tensor, strength: float) -> Tensor:
    """Let a fifth of the faces go through JPEG."""
    for index in torch.nonzero(torch.rand(len(x)) < 0.2 * strength).flatten():
        quality = int(torch.randint(*QUALITY, ()))
        picture = x[index, 0].numpy().astype(np.uint8)
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        x[index, 0] = torch.from_numpy(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)).float()
    return x


def _cover(x: Tensor, strength: float) -> Tensor:
    """Lay a rectangle of one grey over two faces of five (Zhong et al. 2020)."""
    count, _, height, width = x.shape
    size = _uniform(2 * count, *HOLE).view(2, count, 1)
    centre = torch.rand(2, count, 1)
    rows = (torch.arange(height) / height - centre[0]).abs() < size[0] / 2
    columns = (torch.arange(width) / width - centre[1]).abs() < size[1] / 2
    hole = rows.view(count, 1, height, 1) & columns.view(count, 1, 1, width)
    grey = _uniform(count, 0, 255).expand_as(x)
    return torch.lerp(x, grey, hole * _sometimes(count, 0.4 * strength))
