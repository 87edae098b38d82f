"""A table for people (Markdown) and for programs (CSV), and how figures are written in it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from streamfer.cli.console import printable
from streamfer.export import csv
from trainers.analysis.statistics import Estimate

ABSENT = "–"
"""What stands for a figure that there is none of; a note says why."""

Record = Mapping[str, str | int | float | None]

# What Markdown takes for its own: anywhere, and where a line begins.
_MARKS = re.compile(r"[\\`*_\[\]<>|&~$]|^[#+=-]")


@dataclass(frozen=True)
class Table:
    """What one of the paper's tables shows.

    name: of its files, such as "table-6". heads and rows: the cells that people read, Markdown.
    records: the same figures for programs, a row for each, with names of columns. notes: what
    has to be known of it, Markdown.
    """

    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    records: tuple[Record, ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        """The table with its title above it and its notes below."""
        return f"## {self.title}\n\n{grid(self.heads, self.rows)}\n{bullets(self.notes)}"

    def write(self, folder: Path) -> None:
        """Write `folder`/`name`.md and `folder`/`name`.csv."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.name}.md").write_text(self.markdown(), encoding="utf-8")
        table = pa.Table.from_pylist([dict(record) for record in self.records])
        with (folder / f"{self.name}.csv").open("wb") as file:
            csv.write(file, table.schema, table.to_batches())


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the cells are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(notes: Sequence[str]) -> str:
    """A Markdown list after an empty line; nothing of nothing. The notes are Markdown already."""
    return "".join(["\n", *(f"- {note}\n" for note in notes)]) if notes else ""


def plain(text: object) -> str:
    r"""Text from outside, such as a file's name, as Markdown that shows just it, on one line.

    What cannot be printed is shown as its escape, such as \x1b.
    """
    return _MARKS.sub(r"\\\g<0>", printable(text))


def code(text: object) -> str:
    """Text from outside as code: a name or a value that is typed just so, on one line."""
    shown = printable(text).replace("|", "\\|")
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def percent(share: float | None) -> str:
    """A share of 1 as per cent with one digit, as in the paper."""
    return ABSENT if share is None or math.isnan(share) else f"{100 * share:.1f}"


def with_interval(found: Estimate) -> str:
    """An estimate as per cent, with its interval where there is one."""
    if math.isnan(found.low):
        return percent(found.value)
    return f"{percent(found.value)} [{percent(found.low)}–{percent(found.high)}]"


def points(difference: float) -> str:
    """A difference in points of per cent, signed, as the paper's δ."""
    return ABSENT if math.isnan(difference) else f"{difference:+.1f}"


def figures_of(found: Estimate) -> dict[str, float | None]:
    """An estimate as columns of a record, in per cent."""
    parts = {"ours": found.value, "low": found.low, "high": found.high}
    return {name: None if math.isnan(x) else round(100 * x, 4) for name, x in parts.items()}


def because(absent: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    """Notes that say why figures of `names` are absent; `absent` gives the reasons, plain text."""
    of_reason: dict[str, list[str]] = {}
    for name in names:
        if name in absent:
            of_reason.setdefault(absent[name], []).append(plain(name))
    return tuple(f"{', '.join(those)}: {plain(reason)}" for reason, those in of_reason.items())
