"""Checks a table against its contract and says, in words, what is wrong and where.

Reads in batches, so a table of any size is checked in little memory. Rows are counted from 0.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from streamfer.errors import UsageError
from streamfer.store import schema
from streamfer.store.output import RUN_ID_KEY, read_metadata, table_paths
from streamfer.store.schema import Column, Contract

_BATCH_ROWS = 16_384
_TOLERANCE = 1e-4

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Finding:
    """One rule, the rows of a batch that break it, and what to say of one of them."""

    rule: str
    broken: _Mask
    describe: Callable[[int], str]


def validate(path: Path) -> list[str]:
    """What is wrong with a table, or a folder of embeddings; [] if nothing is.

    Which contract applies is told by the file's metadata or, where another program rewrote the
    file without it, by its columns. Of each rule the first row that breaks it is described. For
    timelines the run ids of the tables beside it are compared as well.
    """
    if path.is_dir():
        files = sorted(path.glob("*.parquet"))
        if not files:
            return [f"{path} is a folder without tables."]
        return [f"{file.name}: {problem}" for file in files for problem in validate(file)]
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            contract = _contract(file.schema_arrow)
            if isinstance(contract, str):
                return [contract]
            problems = _column_problems(contract, file.schema_arrow) or _row_problems(
                contract, file
            )
    except (OSError, pa.ArrowException) as error:
        return [f"{path} cannot be read as Parquet: {error}"]
    if contract.label.startswith("timelines."):
        problems += _sibling_problems(path)
    return problems


def _contract(found: pa.Schema) -> Contract | str:
    """The contract a file claims to follow, or what is wrong with its claim."""
    label = (found.metadata or {}).get(schema.SCHEMA_KEY.encode())
    known = ", ".join(schema.CONTRACTS)
    if label is None:
        for contract in schema.CONTRACTS.values():
            if {column.name for column in contract.columns} <= set(found.names):
                return contract
        return f"It has neither {schema.SCHEMA_KEY} in its metadata nor all columns of {known}."
    name = label.decode(errors="replace")
    return schema.CONTRACTS.get(name) or (
        f"Its schema {name} is unknown to this version of streamfer, which knows {known}."
    )


def _column_problems(contract: Contract, found: pa.Schema) -> list[str]:
    problems = []
    expected = {column.name: column.type for column in contract.columns}
    for name, kind in expected.items():
        if found.names.count(name) != 1:
            problems.append(f"Column {name} ({kind}) occurs {found.names.count(name)} times.")
        elif found.field(name).type != kind:
            problems.append(f"Column {name} is {found.field(name).type}; expected {kind}.")
    problems += [
        f"Column {name} is not part of {contract.label}."
        for name in found.names
        if name not in expected
    ]
    return problems


def _row_problems(contract: Contract, file: pq.ParquetFile) -> list[str]:
    first: dict[str, str] = {}
    count: dict[str, int] = {}
    offset = 0
    # The last row before the batch: order is a matter of neighbours.
    before = file.schema_arrow.empty_table()
    for batch in file.iter_batches(batch_size=_BATCH_ROWS):
        rows = pa.Table.from_batches([batch])
        linked = pa.concat_tables([before, rows]).combine_chunks()
        for finding in _findings(contract, rows, linked):
            broken = np.flatnonzero(finding.broken)
            if len(broken):
                text = f"Row {offset + broken[0]}: {finding.describe(int(broken[0]))}"
                first.setdefault(finding.rule, text)
                count[finding.rule] = count.get(finding.rule, 0) + len(broken)
        offset += batch.num_rows
        before = rows.slice(batch.num_rows - 1).drop_null()
    return [
        text if count[rule] == 1 else f"{text} ({count[rule]} rows in all)"
        for rule, text in first.items()
    ]


def _findings(contract: Contract, rows: pa.Table, linked: pa.Table) -> Iterator[_Finding]:
    """What each rule finds in a batch; `linked` is the batch with the row before it, if any."""
    if any(column.null_count for column in rows.columns):
        yield from map(_check_nulls, rows.column_names, rows.columns)
        return
    for column in contract.columns:
        yield _check_values(column, _to_numpy(rows[column.name]))
    yield from _check_order(contract, linked, rows.num_rows)
    names = set(rows.column_names)
    if "p_neutral" in names:
        yield from _check_probabilities(rows)
    if "face_x" in names:
        yield _check_boxes(rows)
    if "window" in names:
        yield from _check_windows(rows, linked)
    if "status" in names:
        yield _check_reasons(rows)


def _check_nulls(name: str, values: pa.ChunkedArray) -> _Finding:
    null = values.is_null().to_numpy()
    return _Finding(f"null {name}", null, lambda _: f"{name} is null; expected a value.")


def _to_numpy(values: pa.ChunkedArray) -> npt.NDArray[Any]:
    """A column as (rows, 1) or, where a row holds a list of fixed size, (rows, size)."""
    size = 1
    if pa.types.is_fixed_size_list(values.type):
        size = values.type.list_size
        values = values.combine_chunks().flatten()
    return np.asarray(values.to_numpy(zero_copy_only=False)).reshape(-1, size)


def _check_values(column: Column, values: npt.NDArray[Any]) -> _Finding:
    """A single column's range, allowed values and NaN."""
    if column.values:
        broken = ~np.isin(values.astype(str), column.values)
        expected = f"one of {', '.join(column.values)}"
    elif values.dtype == object:  # other strings may be anything
        broken = np.zeros(values.shape, bool)
        expected = ""
    else:
        low = -np.inf if column.minimum is None else column.minimum
        high = np.inf if column.maximum is None else column.maximum
        within = (values >= low) & (values <= high) & ~np.isinf(values)
        broken = ~(within | (np.isnan(values) & column.nan))
        expected = f"a number from {low:g} to {high:g}" + (" or NaN" if column.nan else "")
    return _Finding(
        f"values {column.name}",
        np.asarray(broken.any(axis=1)),
        lambda row: f"{column.name} is {values[row, broken[row].argmax()]}; expected {expected}.",
    )


def _check_order(contract: Contract, linked: pa.Table, rows: int) -> Iterator[_Finding]:
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

    yield _Finding(
        "order",
        _per_row(smaller, rows),
        lambda row: f"({key(row)}) follows ({key(row - 1)}); expected rows sorted by {by}.",
    )
    yield _Finding(
        "duplicate",
        _per_row(equal, rows),
        lambda row: f"({key(row)}) occurs twice; expected each {by} once.",
    )


def _per_row(pairs: _Mask, rows: int) -> _Mask:
    """What was found of neighbours, told of the later one; the file's first row has none."""
    return np.concatenate([np.zeros(rows - len(pairs), bool), pairs])


def _check_probabilities(rows: pa.Table) -> Iterator[_Finding]:
    """Probabilities sum to 1, and the emotion is the most probable."""
    names = [name for name in rows.column_names if name.startswith("p_")]
    probabilities = np.stack([rows[name].to_numpy() for name in names], axis=1).astype(float)
    sums = probabilities.sum(axis=1)
    yield _Finding(
        "sum",
        ~(np.abs(sums - 1) <= _TOLERANCE),
        lambda row: f"the probabilities sum to {sums[row]:.6g}; expected 1.",
    )
    if "emotion" in rows.column_names:
        emotions = rows["emotion"].to_numpy()
        labels = np.array([name.removeprefix("p_") for name in names])
        given = (emotions[:, None] == labels) & (probabilities == probabilities.max(1)[:, None])
        yield _Finding(
            "emotion",
            ~given.any(axis=1),
            lambda row: (
                f"emotion is {emotions[row]}; expected {labels[probabilities[row].argmax()]}, "
                "the most probable."
            ),
        )


def _check_boxes(rows: pa.Table) -> _Finding:
    """A face lies in the picture, at least in part."""
    x, y, w, h = (rows[f"face_{side}"].to_numpy() for side in "xywh")
    return _Finding(
        "box",
        ~((x < 1) & (y < 1) & (x + w > 0) & (y + h > 0)),
        lambda row: (
            f"the box x {x[row]:.4g}, y {y[row]:.4g}, w {w[row]:.4g}, h {h[row]:.4g} lies outside "
            "the picture; expected some of it between 0 and 1."
        ),
    )


def _check_windows(rows: pa.Table, linked: pa.Table) -> Iterator[_Finding]:
    """Windows have one length and one stride, and no more faces than frames."""
    faces, expected = rows["faces"].to_numpy(), rows["expected"].to_numpy()
    yield _Finding(
        "faces",
        faces > expected,
        lambda row: f"faces is {faces[row]}; expected at most {expected[row]}, as many as frames.",
    )
    number, start, end = (
        linked[name].to_numpy().astype(float)
        for name in ("window", "window_start_s", "window_end_s")
    )
    length = end - start
    shift = len(number) - rows.num_rows
    unlike = ~np.isclose(length[1:], length[:-1], rtol=0, atol=1e-6)
    yield _Finding(
        "length",
        ~(length[shift:] > 0) | _per_row(unlike, rows.num_rows),
        lambda row: (
            f"the window is {length[row + shift]:g} s long; "
            "expected more than 0, and as long as in the row before."
        ),
    )
    # Starts are to each other as window numbers are: start = window * stride.
    crosswise = np.isclose(start[1:] * number[:-1], start[:-1] * number[1:], rtol=1e-9, atol=1e-6)
    yield _Finding(
        "start",
        _per_row(~crosswise, rows.num_rows),
        lambda row: (
            f"window {number[row + shift]:g} starts at {start[row + shift]:g} s; expected the "
            f"stride of the row before, where window {number[row + shift - 1]:g} starts at "
            f"{start[row + shift - 1]:g} s."
        ),
    )


def _check_reasons(rows: pa.Table) -> _Finding:
    """Whatever is not done has a reason, and only that."""
    status, reason = rows["status"].to_numpy(), rows["reason"].to_numpy()
    return _Finding(
        "reason",
        (status == "done") != (reason == ""),
        lambda row: (
            f"status is {status[row]} and reason is {reason[row]!r}; expected a reason unless done."
        ),
    )


def _sibling_problems(out: Path) -> list[str]:
    """Tables beside the timelines that another run wrote: a join would mix two runs."""
    try:
        run_id = read_metadata(out)[RUN_ID_KEY]
    except (UsageError, KeyError):  # another program rewrote the timelines: nothing to compare
        return []
    problems = []
    for name, path in table_paths(out).items():
        for file in sorted(path.glob("*.parquet")) if path.is_dir() else [path]:
            if name == "timelines" or not file.exists():
                continue
            try:
                found = read_metadata(file).get(RUN_ID_KEY)
            except UsageError as error:
                problems.append(str(error))
                continue
            if found != run_id:
                problems.append(
                    f"{file} is of run {found}, the timelines of run {run_id}: the run that wrote "
                    "one of them was interrupted. Run the same command again."
                )
    return problems
