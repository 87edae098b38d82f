"""The tables of the study in small, as `docs/backbone-training.md` shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trainers.backbone.paper.experiments import ADDED, PRINTED

TABLE = "table.json"
"""What one run wrote, in its folder."""

Found = dict[str, list[dict[str, Any]]]


def gather(tables: Iterable[Path]) -> Found:
    """What several runs of `small.run` found, one after the other."""
    found: Found = {"experiments": [], "cross-corpus": []}
    for path in sorted(tables):
        for key, rows in json.loads(path.read_text("utf-8")).items():
            found[key] += rows
    return found


def experiments(found: Found, part: str = "") -> str:
    """Table 4 in Markdown: the paper's accuracy, then UAR (accuracy) of each start and seed.

    With the part "unwatched_" on the pictures alone that early stopping did not see.
    """
    rows = found["experiments"]
    seeds = sorted({(row["start"], row["seed"]) for row in rows})
    runs = sorted(seeds, key=lambda run: run[0], reverse=True)
    cells = {(row["experiment"], row["start"], row["seed"]): row for row in rows}
    names = "".join(f" {start}, seed {seed} |" for start, seed in runs)
    lines = [f"| | experiment | paper |{names}", "|---|---|---|" + "---|" * len(runs)]
    for number, what in ADDED.items():
        shown = "".join(f" {_scores(cells.get((number, *run)), part)} |" for run in runs)
        lines.append(f"| {number} | {what} | {PRINTED[number]} |{shown}")
    return "\n".join(lines) + "\n"


def cross_corpus(found: Found) -> str:
    """The cross-corpus table in Markdown: UAR (accuracy) of each held-out part."""
    rows = found["cross-corpus"]
    measured = {row["measured"]: row["measured_pictures"] for row in rows}
    names = "".join(f" on {name} ({count:,}) |" for name, count in measured.items())
    lines = [f"| start, seed | taught |{names}", "|---|---|" + "---|" * len(measured)]
    runs = {(row["start"], row["seed"], row["taught"], row["taught_pictures"]) for row in rows}
    for start, seed, taught, pictures in sorted(runs):
        cells = {
            row["measured"]: row
            for row in rows
            if (row["start"], row["seed"], row["taught"]) == (start, seed, taught)
        }
        shown = "".join(f" {_scores(cells.get(name))} |" for name in measured)
        lines.append(f"| {start}, {seed} | {taught} ({pictures:,}) |{shown}")
    return "\n".join(lines) + "\n"


def _scores(row: dict[str, Any] | None, part: str = "") -> str:
    return "–" if row is None else f"{row[part + 'uar']:.1f} ({row[part + 'accuracy']:.1f})"
