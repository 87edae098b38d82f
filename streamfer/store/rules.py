"""What must be true of a table's rows, beside their types: one function a rule.

Each looks at a batch of rows at once and gives a `Finding`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from streamfer.store.schema import Column, Contract

_TOLERANCE = 1e-4

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Finding:
    """One rule, the rows of a batch that break it, and what to say of one of them."""

    rule: str
    broken: _Mask
    describe: Callable[[int], str]


def find(contract: Contract, rows: pa.Table, linked: pa.Table) -> Iterator[Finding]:
    """What each rule finds in a batch; `linked` is the batch with the row before it, if any."""
    if any(column.null_count for column in rows.columns):
        yield from map(_check_nulls, rows.column_names, rows.columns)
        return
    for column in contract.columns:
        yield from _check_values(column, rows[column.name])
    yield from _check_order(contract, linked, rows.num_rows)
    for name, check in _CHECKS.items():
        if name in rows.column_names:
            yield from check(rows, linked)


def _check_nulls(name: str, values: pa.ChunkedArray) -> Finding:
    null = values.is_null().to_numpy()
    return Finding(f"null {name}", null, lambda _: f"{name} is null; expected a value.")


def _check_values(column: Column, values: pa.ChunkedArray) -> Iterator[Finding]:
    """A single column's lengths of lists, range, allowed values and NaN."""
    batch = rows = np.arange(len(values))
    if column.lengths:
        lengths = pc.list_value_length(values).to_numpy()
        allowed = " or ".join(map(str, column.lengths))
        yield Finding(
            f"length {column.name}",
            ~np.isin(lengths, column.lengths),
            lambda row: f"{column.name} holds {lengths[row]} numbers; expected {allowed}.",
        )
    if pa.types.is_list(values.type) or pa.types.is_fixed_size_list(values.type):
        rows = pc.list_parent_indices(values).to_numpy()
        values = pc.list_flatten(values)
    found: npt.NDArray[Any] = np.asarray(values.to_numpy())
    if column.values:
        broken = ~np.isin(found.astype(str), column.values)
        expected = f"one of {', '.join(column.values)}"
    elif found.dtype == object:  # other strings may be anything
        return
    else:
        low = -np.inf if column.minimum is None else column.minimum
        high = np.inf if column.maximum is None else column.maximum
        within = (found >= low) & (found <= high) & ~np.isinf(found)
        broken = ~(within | (np.isnan(found) & column.nan))
        expected = f"a number from {low:g} to {high:g}" + (" or NaN" if column.nan else "")
    yield Finding(
        f"values {column.name}",
        np.isin(batch, rows[broken]),
        lambda row: f"{column.name} is {found[broken & (rows == row)][0]}; expected {expected}.",
    )


def _check_order(contract: Contract, linked: pa.Table, rows: int) -> Iterator[Finding]:
    """Rows rise strictly in the columns they are sorted by, which also are their key."""
    smaller = np.zeros(max(linked.num_rows - 1, 0), bool)
    equal = ~smaller
    for name in contract.sorted_by:
        values = linked[name].combine_chunks()
        before, after = values.slice(0, len(equal)), values.slice(1)
        smaller |= equal & pc.less(after, before).to_numpy(zero_copy_only=False)
        equal &= pc.equal(after, before).to_numpy(zero_copy_only=False)
    by = ", ".join(contract.sorted_by)
    shift = linked.num_rows - rows

    def key(row: int) -> str:
        return ", ".join(str(linked[name][row + shift]) for name in contract.sorted_by)

    yield Finding(
        "order",
        _per_row(smaller, rows),
        lambda row: f"({key(row)}) follows ({key(row - 1)}); expected rows sorted by {by}.",
    )
    yield Finding(
        "duplicate",
        _per_row(equal, rows),
        lambda row: f"({key(row)}) occurs twice; expected each {by} once.",
    )


def _per_row(pairs: _Mask, rows: int) -> _Mask:
    """What was found of neighbours, told of the later one; the file's first row has none."""
    return np.concatenate([np.zeros(rows - len(pairs), bool), pairs])


def _check_probabilities(rows: pa.Table, _: pa.Table) -> Iterator[Finding]:
    """Probabilities sum to 1, and the emotion is the most probable."""
    names = [name for name in rows.column_names if name.startswith("p_")]
    probabilities = np.stack([rows[name].to_numpy() for name in names], axis=1).astype(float)
    sums = probabilities.sum(axis=1)
    yield Finding(
        "sum",
        ~(np.abs(sums - 1) <= _TOLERANCE),
        lambda row: f"the probabilities sum to {sums[row]:.6g}; expected 1.",
    )
    if "emotion" in rows.column_names:
        emotions = rows["emotion"].to_numpy()
        labels = np.array([name.removeprefix("p_") for name in names])
        given = (emotions[:, None] == labels) & (probabilities == probabilities.max(1)[:, None])
        yield Finding(
            "emotion",
            ~given.any(axis=1),
            lambda row: (
                f"emotion is {emotions[row]}; expected {labels[probabilities[row].argmax()]}, "
                "the most probable."
            ),
        )


def _check_boxes(rows: pa.Table, _: pa.Table) -> Iterator[Finding]:
    """A face lies in the picture, at least in part."""
    x, y, w, h = (rows[f"face_{side}"].to_numpy() for side in "xywh")
    yield Finding(
        "box",
        ~((x < 1) & (y < 1) & (x + w > 0) & (y + h > 0)),
        lambda row: (
            f"the box x {x[row]:.4g}, y {y[row]:.4g}, w {w[row]:.4g}, h {h[row]:.4g} lies outside "
            "the picture; expected some of it between 0 and 1."
        ),
    )


def _check_counts(rows: pa.Table, _: pa.Table) -> Iterator[Finding]:
    """A face is in no more frames than there are."""
    faces, expected = rows["faces"].to_numpy(), rows["expected"].to_numpy()
    yield Finding(
        "faces",
        faces > expected,
        lambda row: f"faces is {faces[row]}; expected at most {expected[row]}, as many as frames.",
    )


def _check_windows(rows: pa.Table, linked: pa.Table) -> Iterator[Finding]:
    """Windows have one length and one stride."""
    number, start, end = (
        linked[name].to_numpy().astype(float)
        for name in ("window", "window_start_s", "window_end_s")
    )
    length = end - start
    shift = len(number) - rows.num_rows
    unlike = ~np.isclose(length[1:], length[:-1], rtol=0, atol=1e-6)
    yield Finding(
        "length",
        ~(length[shift:] > 0) | _per_row(unlike, rows.num_rows),
        lambda row: (
            f"the window is {length[row + shift]:g} s long; "
            "expected more than 0, and as long as in the row before."
        ),
    )
    # Starts are to each other as window numbers are: start = window * stride.
    crosswise = np.isclose(start[1:] * number[:-1], start[:-1] * number[1:], rtol=1e-9, atol=1e-6)
    yield Finding(
        "start",
        _per_row(~crosswise, rows.num_rows),
        lambda row: (
            f"window {number[row + shift]:g} starts at {start[row + shift]:g} s; expected the "
            f"stride of the row before, where window {number[row + shift - 1]:g} starts at "
            f"{start[row + shift - 1]:g} s."
        ),
    )


def _check_sound(rows: pa.Table, _: pa.Table) -> Iterator[Finding]:
    """No more sound than the window is long, and nothing said of it where there is none."""
    sound_s = rows["sound_s"].to_numpy()
    length = rows["window_end_s"].to_numpy() - rows["window_start_s"].to_numpy()
    yield Finding(
        "sound",
        sound_s > length + 1e-6,
        lambda row: f"sound_s is {sound_s[row]:g}; expected at most {length[row]:g}, the window.",
    )
    for name in ("loudness_dbfs", "speech"):
        yield _check_silence(name, rows[name].to_numpy(), sound_s)


def _check_silence(name: str, values: npt.NDArray[Any], sound_s: npt.NDArray[Any]) -> Finding:
    return Finding(
        f"silent {name}",
        np.isnan(values) != (sound_s == 0),
        lambda row: (
            f"sound_s is {sound_s[row]:g} and {name} is {values[row]:g}; "
            "expected NaN where there is no sound, and only there."
        ),
    )


def _check_episodes(rows: pa.Table, linked: pa.Table) -> Iterator[Finding]:
    """An episode has its peak within it; those of a track follow each other."""
    start, peak, end = (rows[name].to_numpy() for name in ("start_s", "peak_s", "end_s"))
    yield Finding(
        "peak",
        ~((start <= peak) & (peak <= end)),
        lambda row: (
            f"the peak, at {peak[row]:g} s, lies outside the episode; "
            f"expected it from {start[row]:g} s to {end[row]:g} s."
        ),
    )
    highest, mean = (rows[f"{which}_probability"].to_numpy() for which in ("peak", "mean"))
    yield Finding(
        "mean",
        mean > highest + _TOLERANCE,
        lambda row: (
            f"mean_probability is {mean[row]:g}; expected at most {highest[row]:g}, the peak's."
        ),
    )
    shift = linked.num_rows - rows.num_rows
    number, start, end = (linked[name].to_numpy() for name in ("episode", "start_s", "end_s"))
    track = [linked[name].to_numpy() for name in ("video", "track_id")]
    same = np.logical_and.reduce([values[1:] == values[:-1] for values in track])
    due = np.where(same, number[:-1] + 1, 0)
    yield Finding(
        "episode",
        _per_row(number[1:] != due, rows.num_rows),
        lambda row: (
            f"episode is {number[row + shift]}; expected {due[row + shift - 1]}, "
            "the next of its track."
        ),
    )
    yield Finding(
        "overlap",
        _per_row(same & (start[1:] < end[:-1]), rows.num_rows),
        lambda row: (
            f"it starts at {start[row + shift]:g} s; "
            f"expected {end[row + shift - 1]:g} s or later, where the one before ends."
        ),
    )
    emotion = linked["emotion"].to_numpy()
    again = (emotion[1:] == emotion[:-1]) & (start[1:] == end[:-1])
    yield Finding(
        "again",
        _per_row(same & again, rows.num_rows),
        lambda row: (
            f"emotion is {emotion[row + shift]}, as in the episode that it joins; "
            "expected another, or an absence between them."
        ),
    )


def _check_presence(rows: pa.Table, _: pa.Table) -> Iterator[Finding]:
    """A face is last seen no earlier than it is first seen."""
    first, last = rows["first_s"].to_numpy(), rows["last_s"].to_numpy()
    yield Finding(
        "presence",
        first > last,
        lambda row: f"last_s is {last[row]:g}; expected {first[row]:g}, which is first_s, or more.",
    )


def _check_reasons(rows: pa.Table, _: pa.Table) -> Iterator[Finding]:
    """Whatever is not done has a reason, and only that."""
    status, reason = rows["status"].to_numpy(), rows["reason"].to_numpy()
    yield Finding(
        "reason",
        (status == "done") != (reason == ""),
        lambda row: (
            f"status is {status[row]} and reason is {reason[row]!r}; expected a reason unless done."
        ),
    )


_CHECKS = {
    "p_neutral": _check_probabilities,
    "face_x": _check_boxes,
    "expected": _check_counts,
    "window": _check_windows,
    "sound_s": _check_sound,
    "peak_s": _check_episodes,
    "first_s": _check_presence,
    "status": _check_reasons,
}
"""Rules of several columns, by one that only tables have to which the rule applies."""
