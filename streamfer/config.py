"""A run's settings: frozen, validated, from flags or a TOML file.

`Analysis` holds all that can change a row, and is fingerprinted; `Execution` holds how the
work is done, which never changes one.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeVar

from streamfer.errors import UsageError

Device = Literal["auto", "cpu", "cuda"]
Pools = Literal["auto", "on", "off"]

_Settings = TypeVar("_Settings", "Analysis", "Execution")

_RANGES: dict[str, tuple[float, float]] = {
    "fps": (1, 60),
    "window_s": (0.02, 600),
    "stride_s": (0.02, 600),
    "segment_s": (1, 3600),
    "max_gap_s": (0, 60),
    "min_track_s": (0, 60),
    "detector_size": (64, 4096),
    "min_score": (0.01, 0.99),
    "cut_distance": (0.01, 1),
}


@dataclass(frozen=True)
class Analysis:
    """What is computed. Two runs with equal values (and models) give equal rows.

    Times are seconds of media. `window_s` and `stride_s` must be whole multiples of the
    sampling interval `1 / fps`; `segment_s` a whole multiple of `stride_s` and of a second.
    `weights` is the file of a `backbone` that cannot be shipped.
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
    temporal: str = "cnn-s"
    frames: bool = False
    embeddings: bool = False

    def __post_init__(self) -> None:
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
    go without media progress before its worker is killed.
    """

    workers: int = 0
    device: Device = "auto"
    pools: Pools = "auto"
    address: str | None = None
    stall_s: float = 120.0
    max_pixels: int = 8192 * 4320

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise UsageError(f"workers is {self.workers}; it cannot be negative.")
        if self.device not in ("auto", "cpu", "cuda"):
            raise UsageError(f"device is {self.device!r}; choose auto, cpu or cuda.")
        if self.pools not in ("auto", "on", "off"):
            raise UsageError(f"pools is {self.pools!r}; choose auto, on or off.")
        if not self.stall_s > 0:
            raise UsageError(f"stall_s is {self.stall_s}; it must be greater than 0.")


def load(file: Path | None, overrides: dict[str, Any]) -> tuple[Analysis, Execution]:
    """Settings from a TOML file (tables `[analysis]`, `[execution]`) with flags on top.

    Overrides that are None were not given. Raises UsageError, naming the key, for what is
    unknown or of the wrong type.
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
    return (
        _build(Analysis, tables.get("analysis", {}), given, file),
        _build(Execution, tables.get("execution", {}), given, file),
    )


def _build(
    kind: type[_Settings], table: object, given: dict[str, Any], file: Path | None
) -> _Settings:
    types = {field.name: field.type for field in dataclasses.fields(kind)}
    if not isinstance(table, dict):
        raise UsageError(f"{kind.__name__.lower()} in {file} must be a table.")
    for key, value in table.items():
        if key not in types:
            raise UsageError(f"The settings file {file} has an unknown setting {key!r}.")
        # A whole number is a fine float; everything else must be of its own type.
        accepted: Any = {"float": (int, float), "int": int, "bool": bool}.get(str(types[key]), str)
        if not isinstance(value, accepted) or (isinstance(value, bool) and types[key] != "bool"):
            raise UsageError(f"{key} in {file} is {value!r}; it must be of type {types[key]}.")
    return kind(**table | {key: value for key, value in given.items() if key in types})
