"""The tables of a model card, from what `trainers.backbone.evaluate` measured.

python -m trainers.backbone.card FILE.json
"""

import argparse
import json
from pathlib import Path
from typing import Any

SETS = {
    "public_test": "FER2013 public_test",
    "fer2013_held_out": "FER2013, held out",
    "fer2013_held_out_found": "the same where landmarks are found",
    "fer2013_held_out_framed": "the same, framed as in a run",
    "press_held_out": "press faces, persons held out",
    "press_held_out_found": "the same where landmarks are found",
    "press_held_out_framed": "the same, framed as in a run",
}


def sets(figures: dict[str, Any]) -> str:
    """One line for each set of faces, in per cent."""
    lines = ["| | faces | accuracy | UAR | ECE | NLL |", "|---|---|---|---|---|---|"]
    for key, name in SETS.items():
        found = figures[key]
        lines.append(
            f"| {name} | {found['faces']:,} | {100 * found['accuracy']:.1f} "
            f"| {100 * found['uar']:.1f} | {found['expected_calibration_error']:.3f} "
            f"| {found['negative_log_likelihood']:.3f} |"
        )
    return "\n".join(lines)


def classes(figures: dict[str, Any], key: str) -> str:
    """Recall and precision of each class in one set, in per cent, and the confusion matrix."""
    found = figures[key]
    short = " | ".join(label[:3] for label in figures["labels"])
    lines = [
        f"| true class | faces | recall | precision | {short} |",
        "|---|---|---|---|" + "---|" * len(figures["labels"]),
    ]
    for (label, one), row in zip(found["classes"].items(), found["confusion"], strict=True):
        cells = " | ".join(map(str, row))
        lines.append(
            f"| {label} | {sum(row)} | {100 * one['recall']:.1f} "
            f"| {100 * one['precision']:.1f} | {cells} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser(description="The tables of a model card.")
    parser.add_argument("figures", type=Path, help="the JSON file that evaluate wrote")
    figures = json.loads(parser.parse_args().figures.read_text())
    print(sets(figures))
    for key in ("public_test", "press_held_out_framed"):
        print(f"\n{SETS[key]}:\n\n{classes(figures, key)}")


if __name__ == "__main__":
    main()
