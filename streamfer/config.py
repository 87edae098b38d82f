"""A run's settings: frozen, validated, from flags or a TOML file.

`Analysis` holds all that can change a row, and is fingerprinted; `Execution` holds how the
work is done, which never changes one.
"""

from __future__ import annotations

import dataclasses
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args

from streamfer.errors import UsageError
from streamfer.media.limits import Limits

Device = Literal["auto", "cpu", "cuda"]
Pools = Literal["auto", "on", "off"]
Gaps = Literal["mask", "hold", "repeat"]
Shape = Literal["hann", "hamming"]
Edge = Literal["window", "track"]
Overlap = Literal["own", "average"]

PROFILES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "paper": MappingProxyType(
            {"temporal": "cnn-s", "smoothing": "71 frames", "smoothing_edge": "track"}
        ),
        "released": MappingProxyType({"gaps": "repeat", "overlap": "average"}),
    }
)
"""Sets of `Analysis` settings: what the paper's text says, and what its released code does."""

_Settings = TypeVar("_Settings", "Analysis", "Execution")

_RANGES: dict[str, tuple[float, float]] = {
    "fps": (1, 60),
    "window_s": (0.02, 600),
    "stride_s": (0.02, 600),
    "segment_s": (1, 3600),
    "hold_s": (0, 60),
    "max_gap_s": (0, 60),
    "min_track_s": (0, 60),
    "detector_size": (64, 4096),
    "min_score": (0.01, 0.99),
    "cut_distance": (0.01, 1),
}

_CHOICES: dict[str, tuple[str, ...]] = {
    "device": get_args(Device),
    "pools": get_args(Pools),
    "gaps": get_args(Gaps),
    "smoothing_shape": get_args(Shape),
    "smoothing_edge": get_args(Edge),
    "overlap": get_args(Overlap),
}

# What a file may hold where a setting's type is this; a whole number is a fine float.
_ACCEPTED: dict[str, Any] = {"float": (int, float), "int": int, "bool": bool, "str": str}

# The lengths of smoothing that the paper tried, in sampled frames.
_SMOOTHING = range(3, 100, 2)


@dataclass(frozen=True)
class Analysis:
    """What is computed. Two runs with equal values (and models) give equal rows.

    Times are seconds of media. `window_s` and `stride_s` must be whole multiples of the
    sampling interval `1 / fps`; `segment_s` a whole multiple of `stride_s` and of a second.
    `weights` is the file of a `backbone` that cannot be shipped. docs/time.md explains the
    settings from `temporal` to `overlap`.
    """

    fps: int = 5
    window_s: float = 2.0
    stride_s: float = 1.0
    segment_s: float = 60.0
    max_gap_s: float = 3.0
    min_track_s: float = 0.6
    detector: str = "default"
    detector_size: int = 640
    min_score: float = 0.5
    cut_distance: float = 0.35
    backbone: str = "default"
    weights: str | None = None
    temporal: str = "default"
    gaps: Gaps = "mask"
    hold_s: float = 0.4
    smoothing: str = "window"
    smoothing_shape: Shape = "hann"
    smoothing_edge: Edge = "window"
    overlap: Overlap = "own"
    audio: bool = False
    frames: bool = False
    embeddings: bool = False

    def __post_init__(self) -> None:
        _check_choices(self)
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise UsageError(
                    f"{name} is {getattr(self, name)}; it must lie between {low} and {high}."
                )
        for name in ("window_s", "stride_s", "segment_s"):
            if (Fraction(str(getattr(self, name))) * self.fps).denominator != 1:
                raise UsageError(
                    f"{name} is {getattr(self, name)} s, which is not a whole number of sampling "
                    f"intervals of 1/{self.fps} s."
                )
        if self.segment_s % 1 or Fraction(str(self.segment_s)) % Fraction(str(self.stride_s)):
            raise UsageError(
                f"segment_s is {self.segment_s}; it must be whole seconds and a multiple of "
                f"stride_s ({self.stride_s})."
            )
        if self.stride_s > self.window_s:
            raise UsageError("stride_s is longer than window_s: some frames would be in no window.")
        if self.smoothing_ticks is None and self.smoothing_edge == "track":
            raise UsageError(
                "smoothing_edge is 'track', but smoothing is 'window', which uses the window's own "
                "samples only; give smoothing a length, such as '71 frames', or choose the edge "
                "'window'."
            )

    @property
    def window_ticks(self) -> int:
        """Ticks in a window."""
        return round(self.window_s * self.fps)

    @property
    def stride_ticks(self) -> int:
        """Ticks from one window's start to the next."""
        return round(self.stride_s * self.fps)

    @property
    def segment_ticks(self) -> int:
        """Ticks owned by a segment."""
        return round(self.segment_s * self.fps)

    @property
    def hold_ticks(self) -> int:
        """The longest gap that `gaps` "hold" fills, in samples."""
        return int(Fraction(str(self.hold_s)) * self.fps)

    @property
    def smoothing_ticks(self) -> int | None:
        """The length of CNN-S's smoothing in samples, an odd number; None: the window itself.

        Seconds become the nearest odd number of samples, the larger of two as near.
        """
        if self.smoothing == "window":
            return None
        given = re.fullmatch(r"([0-9]{1,4}) frames|([0-9]{1,4}(?:\.[0-9]{1,6})?) s", self.smoothing)
        if given is None:
            raise UsageError(
                f"smoothing is {self.smoothing!r}; write 'window', a number of sampled frames as "
                "in '71 frames', or seconds as in '2.2 s'."
            )
        frames, seconds = given.groups()
        ticks = int(frames) if frames else 2 * int(Fraction(seconds) * self.fps / 2) + 1
        if ticks not in _SMOOTHING:
            raise UsageError(
                f"smoothing is {self.smoothing!r}, which at {self.fps} samples a second is {ticks} "
                f"of them; it must be an odd number from {_SMOOTHING[0]} to {_SMOOTHING[-1]}."
            )
        return ticks

    def margin_ticks(self, context_s: float) -> int:
        """Ticks decoded beyond each side of a segment, in whole seconds.

        At least the window, the temporal method's context and a track's longest gap.
        """
        seconds = max(self.window_s + context_s, self.max_gap_s)
        return math.ceil(seconds) * self.fps


@dataclass(frozen=True)
class Execution:
    """How the work is done: where, how much at once, and when to give up.

    `workers` 0 means one for each core of the cluster. `stall_s` is how long a segment may
    go without media progress before its worker is killed. What begins with `max_` limits what
    one file may ask of the machine; see `streamfer.media.limits.Limits`.
    """

    workers: int = 0
    device: Device = "auto"
    pools: Pools = "auto"
    address: str | None = None
    stall_s: float = 120.0
    max_pixels: int = Limits.max_pixels
    max_fps: float = Limits.max_fps
    max_duration_s: float = Limits.max_duration_s
    max_decode_ratio: float = Limits.max_decode_ratio

    def __post_init__(self) -> None:
        _check_choices(self)
        if self.workers < 0:
            raise UsageError(f"workers is {self.workers}; it cannot be negative.")
        for name in ("stall_s", "max_pixels", "max_fps", "max_duration_s", "max_decode_ratio"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be greater than 0.")

    @property
    def limits(self) -> Limits:
        """What one file may ask of the machine."""
        return Limits(self.max_pixels, self.max_fps, self.max_duration_s, self.max_decode_ratio)


def _check_choices(settings: Analysis | Execution) -> None:
    for name, choices in _CHOICES.items():
        value = getattr(settings, name, choices[0])
        if value not in choices:
            raise UsageError(f"{name} is {value!r}; choose {_either(choices)}.")


def _either(choices: Sequence[str]) -> str:
    return " or ".join([", ".join(choices[:-1]), choices[-1]])


def load(file: Path | None, overrides: dict[str, Any]) -> tuple[Analysis, Execution]:
    """Settings from a TOML file (tables `[analysis]`, `[execution]`) with flags on top.

    Below both lies the profile that the override `profile` names. Overrides that are None were
    not given. Raises UsageError, naming the key, for what is unknown or of the wrong type.
    """
    tables: dict[str, Any] = {}
    if file is not None:
        try:
            tables = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(
                f"The settings file {file} cannot be read: {error.strerror}."
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"The settings file {file} is not valid TOML: {error}.") from None
    unknown = sorted(set(tables) - {"analysis", "execution"})
    if unknown:
        raise UsageError(
            f"The settings file {file} has an unknown part {unknown[0]!r}; "
            "it may hold the tables [analysis] and [execution]."
        )
    given = {key: value for key, value in overrides.items() if value is not None}
    profile = given.get("profile")
    if profile is not None and profile not in PROFILES:
        raise UsageError(f"profile is {profile!r}; choose {_either(list(PROFILES))}.")
    beneath = dict(PROFILES[profile]) if profile else {}
    return (
        _build(Analysis, beneath, tables.get("analysis", {}), given, file),
        _build(Execution, {}, tables.get("execution", {}), given, file),
    )


def _build(
    kind: type[_Settings],
    beneath: dict[str, Any],
    table: object,
    given: dict[str, Any],
    file: Path | None,
) -> _Settings:
    types = {field.name: field.type for field in dataclasses.fields(kind)}
    if not isinstance(table, dict):
        raise UsageError(f"{kind.__name__.lower()} in {file} must be a table.")
    for key, value in table.items():
        if key not in types:
            raise UsageError(f"The settings file {file} has an unknown setting {key!r}.")
        wanted = str(types[key]) if types[key] in _ACCEPTED else "str"
        if not isinstance(value, _ACCEPTED[wanted]) or (
            isinstance(value, bool) and wanted != "bool"
        ):
            raise UsageError(f"{key} in {file} is {value!r}; it must be of type {wanted}.")
    return kind(**beneath | table | {key: value for key, value in given.items() if key in types})
