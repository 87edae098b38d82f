"""The choices of the paper's temporal block, and the two profiles that make all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

from streamfer.config import Analysis, Gaps, Shape
from streamfer.errors import UsageError
from trainers.fitting.settings import Fit
from trainers.protocols.folds import WATCHED, Part

Edge = Literal["inside", "cut"]
ClassWeights = Literal["inverse", "none"]
Profile = Literal["paper", "released"]

Learnt = Literal["cnn-svm", "cnn-lstm", "cnn-gru", "cnn-lstm-a"]
Method = Literal["cnn-w", "cnn-s", Learnt]
METHODS: tuple[str, ...] = get_args(Method)
"""The six of section 3.2.1, as `streamfer run --temporal` calls them."""

LENGTHS = range(3, 100, 2)
"""The lengths of CNN-S that the paper tried (section 4.3)."""

MOSTLY = 0.5
"""Windows teach of which at least this share of faces lies in the clip's span."""

SURROUNDINGS_S = 10
"""Of so many seconds around a clip of pictures the face is kept too: the windows that cover its
pictures do not know where the labels change."""

FIXED: Mapping[str, float] = MappingProxyType(
    {"watched_one_in": WATCHED, "teachable_from": MOSTLY, "surroundings_s": SURROUNDINGS_S}
)
"""What the paper leaves open too, and no setting changes; it is kept with every result."""

_TAUGHT = ("window_s", "stride_s", "gaps", "class_weights", "watched_one_in", "teachable_from")

SECTION_4_3 = Fit(epochs=30, batch=64, optimiser="sgd", lr=1e-4, weight_decay=1e-3)


@dataclass(frozen=True)
class Temporal:
    """How the six methods read a clip, and how those that learn are taught.

    The defaults are the paper's; where it says nothing, the comment does. Windows are `window_s`
    long and begin every `stride_s`, at the sampling rate of the run that gave the embeddings.
    """

    window_s: float = 2.0
    stride_s: float = 1.0
    """The paper gives none. These are the authors' five samples of ten."""
    gaps: Gaps = "mask"
    """What stands where no face is seen, and behind the end of a clip, as in `streamfer run`. The
    paper does not say."""
    smoothing: str = "71 frames"
    """Of CNN-S: an odd number of sampled frames from 3 to 99, or seconds as in "2.2 s"."""
    smoothing_shape: Shape = "hann"
    """Equation 1 is Hann's, though the paper calls it Hamming's."""
    smoothing_edge: Edge = "inside"
    """Where the smoothing window is put. "inside": in the clip only, from the first frame on, as
    the paper has it; shortened to a clip that is shorter. "cut": around every frame, and cut off
    at the edges."""
    left_out: Part = "whole"
    """Of a corpus that is left out, what is measured: all of it or, if it has an official division
    (AffWild2), the "official" part alone. The paper does not say."""
    svm_c: float = 0.01
    """scikit-learn's C. The paper gives none. With 1, the usual one, fitting to few clips does not
    end."""
    svm_windows: int = 100_000
    """The SVM is fitted to no more windows, drawn at random."""
    dropout: float = 0.2
    """After each recurrent layer."""
    class_weights: ClassWeights = "inverse"
    """In inverse proportion to a class's windows, as the backbone's are to its pictures, or none.
    The paper says nothing here."""
    fit: Fit = SECTION_4_3
    """Of the recurrent methods: SGD, rate and L2 are the paper's. It gives neither epochs nor batch
    here; these are the backbone's, and of the epochs the best is kept. L2 is on all kernels, which
    are those of the recurrent layers, the classifier's 1,792 numbers and the attention."""

    def __post_init__(self) -> None:
        for name, kind in (
            ("smoothing_edge", Edge),
            ("left_out", Part),
            ("class_weights", ClassWeights),
        ):
            if getattr(self, name) not in get_args(kind):
                raise UsageError(
                    f"{name} is {getattr(self, name)!r}; choose one of {', '.join(get_args(kind))}."
                )
        if not 0 <= self.dropout < 1:
            raise UsageError(f"dropout is {self.dropout}; it must be at least 0 and less than 1.")
        for name in ("svm_c", "svm_windows"):
            if getattr(self, name) <= 0:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be above zero.")
        self.smoothing_ticks(Analysis.fps)

    def analysis(self, fps: int) -> Analysis:
        """These windows as `streamfer run` has them, at `fps` samples a second.

        Raises:
            UsageError: They cannot be had at this rate.
        """
        return Analysis(
            fps=fps,
            window_s=self.window_s,
            stride_s=self.stride_s,
            gaps=self.gaps,
            smoothing=self.smoothing,
            smoothing_shape=self.smoothing_shape,
        )

    def smoothing_ticks(self, fps: int) -> int:
        """The length of CNN-S's window in samples, an odd number.

        Raises:
            UsageError: `smoothing` gives none.
        """
        ticks = self.analysis(fps).smoothing_ticks
        if ticks is None:
            raise UsageError("smoothing must have a length, such as '71 frames'.")
        return ticks

    def of_method(self, method: str) -> dict[str, Any]:
        """Those on which what a method says depends, and what of `FIXED`, as plain values.

        They are to be kept with results.
        """
        flat = {**asdict(self), **FIXED}
        flat |= {f"fit.{name}": value for name, value in flat.pop("fit").items()}
        names = {
            "cnn-w": ("window_s",),
            "cnn-s": ("smoothing", "smoothing_shape", "smoothing_edge"),
            "cnn-svm": (*_TAUGHT, "svm_c", "svm_windows", "fit.seed"),
        }.get(method, (*_TAUGHT, "dropout", *(name for name in flat if name.startswith("fit."))))
        return {name: flat[name] for name in (*names, "surroundings_s")}


PROFILES: Mapping[str, Temporal] = MappingProxyType(
    {"paper": Temporal(), "released": Temporal(gaps="repeat", dropout=0.5)}
)
"""What the paper's text says, and what its authors' code does where that is known to differ."""


def for_few_data(settings: Temporal) -> Temporal:
    """The same for few data, from which SGD at the paper's rate would learn nothing."""
    few = replace(settings.fit, optimiser="adam", lr=1e-3, weight_decay=1e-4, batch=16, epochs=10)
    return replace(settings, fit=few)
