"""Every choice of the paper's section 3.2.2, and those that it leaves open, as settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from streamfer.errors import UsageError
from trainers.backbone.families import FAMILIES
from trainers.fitting.settings import Fit

SHIPPED = "expression-net"
"""The family of the network that streamfer ships: small, and there are first weights for it."""

ClassWeights = Literal["inverse", "logarithmic", "none"]
Freezing = Literal["none", "all", "up to the last convolution"]


@dataclass(frozen=True)
class BackboneSettings:
    """One backbone. The defaults are what all nine experiments of Table 4 share."""

    family: str = "resnet-50"
    """Of `trainers.backbone.families.FAMILIES`, or `SHIPPED`."""
    neurons: int = 512
    """Of the first dense layer: 256, 512 or 1024 (the paper prints 1048)."""
    dropout: float = 0.2
    class_weights: ClassWeights = "inverse"
    """Weights of the loss: N / (7 n) for a class of n samples; its logarithm log(0.15 N / n),
    but at least 1, as is usual with Keras; or 1."""
    noise: float = 0.0
    """Standard deviation of the Gaussian noise."""
    noise_on: Literal["embedding", "pictures"] = "embedding"
    """What the noise is added to, which the paper does not say: the first dense layer's values, as
    Keras's layer of that name would, or the pictures, with 1 for their whole range."""
    freezing: Freezing = "none"
    """Which convolutions, with their batch norms, keep their first weights."""
    affine: bool = True
    contrast: bool = True
    mixup: bool = False
    """Each picture and its target are mixed with another, α : 1 - α, α uniform (Fig. 5)."""
    minority: bool = False
    """Add the five rarer expressions of another corpus (the paper's is FER2013)."""
    side: int = 224
    """Of the pictures, in pixels; even."""
    resize: Literal["area", "nearest"] = "area"
    """How larger pictures are made smaller."""
    fit: Fit = field(default_factory=Fit)

    def __post_init__(self) -> None:
        known = (*FAMILIES, SHIPPED)
        if self.family not in known:
            raise UsageError(f"There is no family {self.family!r}; there are: {', '.join(known)}.")
        if self.side < 32 or self.side % 2:
            raise UsageError(f"side is {self.side}; it must be even, and at least 32.")
        if not 0 <= self.dropout < 1:
            raise UsageError(f"dropout is {self.dropout}; it must be from 0 to below 1.")

    def plain(self) -> dict[str, Any]:
        """The settings as one level of plain values, those of `fit` left out."""
        return {key: value for key, value in asdict(self).items() if key != "fit"}


_BEST = BackboneSettings(
    noise=0.1,
    mixup=True,
    minority=True,
    fit=Fit(weight_decay=1e-4, schedule="cosine", cycles=5),
)

PROFILES: Mapping[str, BackboneSettings] = MappingProxyType(
    {
        "paper": _BEST,
        "released": replace(_BEST, dropout=0.5, resize="nearest"),
    }
)
"""`paper`: section 4.2's best, experiment 9 of Table 4. `released`: the same where the authors'
public code, which does not train, says otherwise."""
