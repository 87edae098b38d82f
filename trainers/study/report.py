"""The report: every table and figure in the paper's order, and all one has to know of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trainers.analysis import printed
from trainers.analysis.figures import figure6
from trainers.analysis.statistics import MEASURES, confusion
from trainers.analysis.tables import backbone, corpora, detectors, temporal
from trainers.analysis.tables.table import ABSENT, Table, bullets, code, grid, percent, plain
from trainers.predictions import Predictions
from trainers.study.chosen import CHOSEN
from trainers.study.findings import Findings

_TABLE_5 = "AffectNet"

FIGURES = {
    7: "Grad-CAM of faces that are recognised rightly and wrongly",
    8: "Grad-CAM of faces whose annotation the backbone contradicts",
    9: "Two faces, their mixture, and what the backbone says",
    10: "The same, where an annotation is doubtful",
}


def write_report(found: Findings, out: Path) -> Path:
    """Write `out`/README.md, tables/*.md and *.csv, and figures/figure-6.png; gives the first.

    Figures 7 to 10 are in place already.
    """
    parts = [_head(found), _corpora(found)]
    for table in _tables(found):
        table.write(out / "tables")
        parts.append(f"{table.markdown()}\n[CSV](tables/{table.name}.csv)\n")
        if table.name == "figure-6":
            parts.append(_confusion(found, out))
    parts.append("## Figures 7 to 10\n")
    parts += [_figure(found, number, caption) for number, caption in FIGURES.items()]
    parts += [
        _left(found),
        _failed(found),
        _networks(found),
        _made_with(found),
        _chosen(),
        f"## Where the paper contradicts itself\n\n{contradictions()}\n",
    ]
    out.mkdir(parents=True, exist_ok=True)
    report = out / "README.md"
    report.write_text("\n".join(part for part in parts if part), encoding="utf-8")
    return report


def _head(found: Findings) -> str:
    notice = ""
    if found.synthetic:
        names = ", ".join(plain(name) for name in sorted(found.synthetic))
        notice = (
            f"> **Synthetic data.** {names}: generated, not the corpora of these names. What "
            "stands here shows that the study runs from end to end; its figures say nothing about "
            "the real corpora, nor about the paper's. The faces are press photographs, and a "
            "backbone that learnt from these has seen the people: streamfer's default was taught "
            "four fifths of them (docs/models/streamfer-fer-v3.md).\n\n"
        )
    return (
        "# The study of Ryumina et al. 2022, run again\n\n"
        f"{notice}"
        "Ours beside what the paper prints (*in italics*); “–” where there is nothing, with the "
        "reason below the table. Intervals are 95 %, by bootstrap over participants. Every figure "
        "here is computed from the predictions in `predictions/`.\n"
    )


def _corpora(found: Findings) -> str:
    rows = []
    for corpus in dict.fromkeys((*printed.OVERVIEW, *found.readings)):
        reading = found.readings.get(corpus)
        made = " (synthetic)" if corpus in found.synthetic else ""
        what = (
            f"{len(reading.samples):,} samples{made}" if reading else found.absent.get(corpus, "")
        )
        rows.append((plain(corpus), plain(what)))
    return f"## What was there\n\n{grid(('Corpus', 'Read'), rows)}\n"


def _tables(found: Findings) -> Iterator[Table]:
    """All tables in the paper's order."""
    absent = found.absent
    yield corpora.overview(found.overviews, absent)
    yield detectors.detectors(found.detectors, absent, found.filmed)
    yield corpora.counts(found.readings, absent, unlike=found.synthetic)
    yield backbone.experiments(found.experiments, absent)
    if found.best:
        yield backbone.recalls(found.best[1], found.best[0])
    yield backbone.state_of_the_art(*_on_affectnet(found))
    yield temporal.lengths(found.lengths, found.length, absent)
    yield temporal.cross_corpus(found.left_out, found.cross_validated, absent)
    yield temporal.comparison(found.left_out.get("CNN-LSTM", {}), found.cross_validated, absent)


def _on_affectnet(found: Findings) -> tuple[Predictions | None, str, str]:
    """What Table 5 takes: predictions, whose they are, and why there are none."""
    if found.best is None:
        return None, "", "no backbone was measured on pictures"
    name, predictions = found.best
    measured = set(predictions.corpus.tolist())
    if measured != {_TABLE_5}:
        return None, name, f"{_TABLE_5} is absent; {' and '.join(sorted(measured))} was there"
    return predictions, name, ""


def _confusion(found: Findings, out: Path) -> str:
    if found.best is None:
        return ""
    name, predictions = found.best
    matrix = confusion(predictions)
    measured = " and ".join(sorted(set(predictions.corpus.tolist())))
    accuracy = percent(float(MEASURES["accuracy"](matrix)))
    title = f"{name}: {accuracy} % of {len(predictions):,} of {measured} are right"
    figure6(matrix, title, out / "figures" / "figure-6.png")
    return _picture("Figure 6. Confusion matrix", title, "figures/figure-6.png")


def _figure(found: Findings, number: int, caption: str) -> str:
    name = f"Figure {number}"
    if number in found.figures:
        return _picture(f"{name}. {caption}", caption, found.figures[number])
    return f"**{name}. {caption}**\n\n{plain(found.absent.get(name, 'Not made.'))}\n"


def _picture(title: str, text: str, file: str) -> str:
    return f"**{title}**\n\n![{plain(text)}]({file})\n"


def _left(found: Findings) -> str:
    rows = [
        (plain(corpus), plain(reason), f"{count:,}")
        for corpus, reasons in found.left.items()
        for reason, count in reasons.items()
    ]
    if not rows:
        return "## What was left out\n\nNothing.\n"
    return f"## What was left out, or to be known\n\n{grid(('Corpus', 'Why', 'Samples'), rows)}\n"


def _failed(found: Findings) -> str:
    notes = [f"{plain(step)}: {plain(reason)}" for step, reason in found.failed.items()]
    return f"## What failed\n{bullets(notes)}" if notes else ""


def _networks(found: Findings) -> str:
    rows = [(plain(n.role), plain(n.name), f"`{n.sha256}`") for n in found.networks]
    return f"## Networks\n\n{grid(('For', 'Name', 'sha256'), rows)}\n" if rows else ""


def _made_with(found: Findings) -> str:
    given = [
        (code(name), code(value) if value else ABSENT) for name, value in found.settings.items()
    ]
    with_what = ", ".join(f"{plain(name)} {plain(v)}" for name, v in found.versions.items())
    return f"## Settings\n\n{grid(('Setting', 'Value'), given)}\n\nMade with {with_what}.\n"


def _chosen() -> str:
    rows = [(plain(what), plain(value)) for what, value in CHOSEN.items()]
    return (
        "## Chosen here\n\nWhat the paper leaves open, and no setting changes.\n\n"
        f"{grid(('What', 'Value'), rows)}\n"
    )


def contradictions() -> str:
    """Where the paper contradicts itself, as a Markdown table; docs/reproduce.md has it too."""
    rows = [
        (plain(c.where), plain(c.printed), plain(c.follows), plain(c.done))
        for c in printed.CONTRADICTIONS
    ]
    return grid(("Where", "Printed", "But", "What is done here"), rows)
