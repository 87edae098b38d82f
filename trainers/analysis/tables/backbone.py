"""Tables 4 and 5 and the figures behind Fig. 6: what the backbone is worth on stills."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import numpy as np

from streamfer.emotion.labels import EMOTIONS
from trainers import metrics
from trainers.analysis import printed
from trainers.analysis.statistics import MEASURES, NOTHING, confusion, estimate
from trainers.analysis.tables.table import (
    ABSENT,
    Record,
    Table,
    because,
    figures_of,
    percent,
    plain,
    points,
    with_interval,
)
from trainers.predictions import Predictions


def experiments(found: Mapping[int, Predictions], absent: Mapping[str, str]) -> Table:
    """Table 4: the nine experiments, accuracy on the development set.

    found: the predictions of each experiment that was run; absent: why "experiment 1" was not.
    """
    numbers = list(printed.EXPERIMENTS)
    ours = {
        measure: {
            n: estimate(found[n], MEASURES[measure]) if n in found else NOTHING for n in numbers
        }
        for measure in ("accuracy", "UAR")
    }
    values = {n: 100 * ours["accuracy"][n].value for n in numbers}
    grid = [
        (method, *("+" if n in used else ABSENT for n in numbers))
        for method, used in printed.EXPERIMENT_METHODS.items()
    ]
    rows = [
        ("**Accuracy, %**", *(with_interval(ours["accuracy"][n]) for n in numbers)),
        ("*printed*", *(f"*{printed.EXPERIMENTS[n]}*" for n in numbers)),
        ("**δ, points**", *(points(values[n] - values[1]) for n in numbers)),
        ("*printed*", *(f"*{points(_printed_gain(n))}*" for n in numbers)),
        ("**UAR, %**", *(with_interval(ours["UAR"][n]) for n in numbers)),
    ]
    records = [
        {
            "experiment": n,
            "measure": f"{measure}, %",
            **figures_of(ours[measure][n]),
            "printed": printed.EXPERIMENTS[n] if measure == "accuracy" else None,
        }
        for n in numbers
        for measure in ours
    ]
    return Table(
        "table-4",
        f"Table 4. Hyper-parameters of the backbone: accuracy, % ({_measured(found)})",
        ("Method", *(str(n) for n in numbers)),
        (*grid, *rows),
        tuple(records),
        (
            "As in the paper, each experiment's best epoch was chosen by the UAR on the very "
            "pictures that it is measured on here, so that all are somewhat too good.",
            *_ordering(found, values),
            *because(absent, (f"experiment {n}" for n in numbers)),
        ),
    )


def _printed_gain(number: int) -> float:
    return printed.EXPERIMENTS[number] - printed.EXPERIMENTS[1]


def _ordering(found: Mapping[int, Predictions], values: Mapping[int, float]) -> tuple[str, ...]:
    """In which order the experiments are, and how far it is the printed one."""
    if len(found) < 2:
        return ()
    pairs = [(a, b) for a in found for b in found if a < b]
    signs = [
        (values[a] - values[b]) * (printed.EXPERIMENTS[a] - printed.EXPERIMENTS[b])
        for a, b in pairs
    ]
    return (
        f"Order, ours: {_ordered(found, values)}; printed: {_ordered(found, printed.EXPERIMENTS)}. "
        f"Of {len(pairs)} pairs {sum(sign > 0 for sign in signs)} are in the printed order, and "
        f"{sum(sign == 0 for sign in signs)} equal.",
    )


def _ordered(numbers: Iterable[int], values: Mapping[int, float]) -> str:
    """The best first, such as 9 > 4 = 5."""
    order = sorted(numbers, key=lambda n: -values[n])
    text = str(order[0])
    for before, number in itertools.pairwise(order):
        text += f" {'=' if values[before] == values[number] else '>'} {number}"
    return text


def _measured(found: Mapping[int, Predictions]) -> str:
    """On what: the corpora and how many samples; the paper's development set otherwise."""
    parts = {
        (tuple(np.unique(predictions.corpus).tolist()), len(predictions))
        for predictions in found.values()
    }
    if not parts:
        return "AffectNet's development set"
    return "; ".join(
        f"{plain(' and '.join(corpora))}, {count} samples" for corpora, count in sorted(parts)
    )


def state_of_the_art(ours: Predictions | None, name: str, reason: str) -> Table:
    """Table 5: published accuracies on AffectNet's development set, and ours.

    ours: what the backbone called `name` said of that set; None: it said nothing, for `reason`.
    """
    found = estimate(ours, MEASURES["accuracy"]) if ours else NOTHING
    rows = [
        (
            row.research + (f" [{row.reference}]" if row.reference else ""),
            row.approach,
            f"*{row.accuracy}*",
        )
        for row in printed.STATE_OF_THE_ART
    ]
    records: list[Record] = [
        {"research": row.research, "approach": row.approach, "printed": row.accuracy}
        for row in printed.STATE_OF_THE_ART
    ]
    return Table(
        "table-5",
        "Table 5. Accuracy on AffectNet's development set, %",
        ("Research", "Approach", "Accuracy, %"),
        (*rows, ("**Ours**", plain(name), with_interval(found))),
        (*records, {"research": "ours", "approach": name, "printed": None, **figures_of(found)}),
        () if ours else (f"Ours: {plain(reason)}",),
    )


def recalls(ours: Predictions, name: str) -> Table:
    """Fig. 6's diagonal: the recall of each expression, ours and the paper's experiment 9."""
    matrices = {"ours": confusion(ours), "printed": printed.CONFUSION}
    shares = {whose: metrics.recalls(matrix) for whose, matrix in matrices.items()}
    return Table(
        "figure-6",
        f"Figure 6. Recall of each expression, %: {plain(name)} and the paper's experiment 9",
        ("", *EMOTIONS, "Accuracy"),
        tuple(
            (whose, *(percent(share) for share in shares[whose]), percent(metrics.accuracy(matrix)))
            for whose, matrix in matrices.items()
        ),
        tuple(
            {"whose": whose, "true": EMOTIONS[true], "predicted": EMOTIONS[said], "count": int(n)}
            for whose, matrix in matrices.items()
            for (true, said), n in np.ndenumerate(matrix)
        ),
    )
