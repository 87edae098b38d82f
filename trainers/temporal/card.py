"""Puts the figures that `trainers.temporal.compare` measured into the document that shows them.

    python -m trainers.temporal.card docs/temporal.json docs/temporal.md

They go between the lines `<!-- figures -->` and `<!-- end of figures -->`.
"""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PLACE = re.compile(r"(<!-- figures -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def tables(found: dict[str, Any]) -> str:
    """All tables, with what they show above each."""
    windows, name = found["windows"], found["winner"]
    parts = [
        f"Backbone `{found['backbone']}` (sha256 `{found['backbone_sha256'][:12]}…`). "
        f"{windows['clean']:,} clean windows of {windows['persons']} people, of which "
        f"{windows['clean_clips']} are of {windows['persons_in_clips']} people in clips; "
        f"{windows['corrupted']:,} corrupted ones. {windows['clean_labelled']:,} and "
        f"{windows['corrupted_labelled']:,} have one label throughout.",
        f"**{name} wins.**",
        _main(found["methods"]),
        "How much better than CNN-S, in points, with 95 % intervals over people:",
        _gains(found["methods"]),
        "The same label as CNN-S over 6 s of the clip as it is, per cent, and changes of label a "
        "minute in stills that show one expression throughout, where all are wrong; and what "
        "a window costs on one core:",
        _further(found["methods"]),
        "The same label as clean CNN-S, by kind of corruption, per cent:",
        _kinds(found["methods"]),
    ]
    if "sound" in found:
        sound = found["sound"]
        parts += [
            f"With the sound (late fusion) and without, in the {sound['clean']} clean and "
            f"{sound['corrupted']} corrupted windows of clips that have some:",
            _sound(sound["methods"]),
        ]
    return "\n\n".join(parts) + "\n"


def _main(methods: dict[str, Any]) -> str:
    heads = ["method"]
    for windows in ("clean", "corrupted"):
        heads += [f"{windows}: same label, %", "distance", "right, %", "UAR, %", "changes/min"]
    rows = []
    for name, found in methods.items():
        row = [name]
        for windows in ("clean", "corrupted"):
            figures = found[windows]
            row += [
                _percent(figures["agreement"]),
                f"{figures['total_variation']:.3f}",
                _percent(figures["accuracy"]),
                _percent(figures["uar"]),
                f"{found['changes_a_minute']['clips'][windows]:.1f}",
            ]
        rows.append(row)
    return _table(heads, rows)


def _gains(methods: dict[str, Any]) -> str:
    kinds = list(next(iter(methods.values()))["gains"])
    rows = []
    for name, found in methods.items():
        gains = (found["gains"][kind] for kind in kinds)
        cells = (
            f"{100 * g['gain']:+.1f} ({100 * g['low']:+.1f} to {100 * g['high']:+.1f})"
            for g in gains
        )
        rows.append([name, *cells])
    return _table(["method", *kinds], rows)


def _further(methods: dict[str, Any]) -> str:
    rows = []
    for name, found in methods.items():
        stills = found["changes_a_minute"]["stills"]
        rows.append(
            [name]
            + [_percent(found[windows]["agreement_with_wider"]) for windows in stills]
            + [f"{changes:.1f}" for changes in stills.values()]
            + [f"{found['milliseconds_a_window']:.2f}"]
        )
    heads = ["6 s, clean", "6 s, corrupted", "stills, clean", "stills, corrupted", "ms a window"]
    return _table(["method", *heads], rows)


def _kinds(methods: dict[str, Any]) -> str:
    kinds = list(next(iter(methods.values()))["agreement_by_kind"])
    rows = [
        [name, *(_percent(found["agreement_by_kind"][kind]) for kind in kinds)]
        for name, found in methods.items()
    ]
    return _table(["method", *kinds], rows)


def _sound(methods: dict[str, Any]) -> str:
    rows = [
        [name, *(_percent(found[way][w]) for w in ("clean", "corrupted") for way in found)]
        for name, found in methods.items()
    ]
    heads = [f"{w}, {way}" for w in ("clean", "corrupted") for way in ("without", "with")]
    return _table(["method", *heads], rows)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> None:
    """Read the figures and write the document."""
    parser = argparse.ArgumentParser(description="Put the figures into the document.")
    parser.add_argument("figures", type=Path, help="the JSON file that compare wrote")
    parser.add_argument("document", type=Path, help="the Markdown file")
    arguments = parser.parse_args()
    shown = tables(json.loads(arguments.figures.read_text()))
    text = arguments.document.read_text(encoding="utf-8")
    written = PLACE.sub(lambda place: f"{place[1]}\n{shown}\n{place[2]}", text)
    arguments.document.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
