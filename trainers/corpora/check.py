"""What was found of a corpus beside what the paper counts, and why they differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

from streamfer.emotion.labels import EMOTIONS
from trainers.corpora.catalogue import CATALOGUE, AnyReading, known
from trainers.corpora.samples import Clip, Pictures, Split
from trainers.corpora.votes import Raters

_WIDTH = 100
_EXAMPLES = 3
_THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)

Row = tuple[str, Sequence[int | None]]


def report(reading: AnyReading) -> str:
    """A text of a page: the counts per class, Table 3's, the difference and what explains it."""
    corpus = CATALOGUE.get(reading.corpus)
    printed = corpus.printed if corpus else {}
    lines = [f"{reading.corpus}: {_what(reading)}", ""]
    for split in _splits(reading):
        lines += _table(reading.counts(split), printed.get(split), split)
    for reason, count in reading.reasons().items():
        names = [left.name for left in reading.omitted if left.reason == reason]
        lines += _item(f"left out, {reason}", f"{count} ({_some(names)})")
    if corpus is not None:
        parts = corpus.missing(reading)
        there = {sample.split for sample in reading.samples}
        parts += [f"the part {split!r}" for split in corpus.splits if split and split not in there]
        if parts:
            lines += _item("incomplete download", f"{_some(parts)}. From: {corpus.source}")
        lines += _item("Table 3", _verdict(reading, parts))
        if corpus.note:
            lines += _item("known of it", corpus.note)
    return "\n".join(lines)


def by_other_rules(name: str, root: Path, agreement: float, raters: Raters) -> str:
    """A text of the counts that other ways of using the raters' votes give; "" without raters.

    The paper gives the threshold alone, and figures that do not follow from it.
    """
    corpus = known(name)
    if corpus is None or not corpus.rated:
        return ""
    readings = {
        f"{share:.0%}": corpus.read(root, *corpus.choices(share, raters))
        for share in _THRESHOLDS
        if share != agreement
    }
    for others in corpus.raters:
        if others != raters:
            readings[f"{others} {agreement:.0%}"] = corpus.read(root, agreement, others)
    rows: list[Row] = [(rule, reading.counts()) for rule, reading in readings.items()]
    return "\n".join(["If the votes were used otherwise:", "", *_grid("", rows)])


def listing() -> str:
    """A text of all corpora: what they are, under which terms, where they come from."""
    lines = []
    for corpus in CATALOGUE.values():
        total = sum(count or 0 for counts in corpus.printed.values() for count in counts)
        lines.append(f"{corpus.name} ({corpus.kind}{f', {total:,} in Table 3' if total else ''})")
        lines += _item("needed", corpus.layout)
        lines += _item("from", corpus.source)
        lines += _item("licence", corpus.licence)
    return "\n".join(lines)


def _what(reading: AnyReading) -> str:
    samples = reading.samples
    people = len({sample.participant for sample in samples} - {""})
    kind = "clips" if any(isinstance(sample, Clip) for sample in samples) else "pictures"
    said = f"{len(samples):,} {kind}"
    if any(isinstance(sample, Clip) and isinstance(sample.span, Pictures) for sample in samples):
        said += f" of {sum(sample.count for sample in samples):,} pictures"
    return said + (f", {people:,} participants" if people else "")


def _splits(reading: AnyReading) -> list[Split]:
    corpus = CATALOGUE.get(reading.corpus)
    there = {sample.split for sample in reading.samples} | set(corpus.printed if corpus else ())
    order: tuple[Split, ...] = ("", "train", "development", "test")
    return [split for split in order if split in there]


def _table(counts: Sequence[int], printed: Sequence[int | None] | None, split: Split) -> list[str]:
    rows: list[Row] = [("here", counts)]
    if printed is not None:
        rows.append(("Table 3", printed))
        rows.append(("difference", [n - (p or 0) for n, p in zip(counts, printed, strict=True)]))
    return [*_grid(split or "all", rows), ""]


def _grid(title: str, rows: Sequence[Row]) -> list[str]:
    lines = ["".join([f"{title:<12}", *(f"{name:>11}" for name in EMOTIONS), "      total"])]
    for name, numbers in rows:
        form = "+,d" if name == "difference" else ",d"
        cells = ["–" if number is None else format(number, form) for number in numbers]
        cells.append(format(sum(number or 0 for number in numbers), form))
        lines.append("".join([f"{name:<12}", *(f"{cell:>11}" for cell in cells)]))
    return lines


def _verdict(reading: AnyReading, parts: Sequence[str]) -> str:
    printed = CATALOGUE[reading.corpus].printed
    if not printed:
        return "the paper does not have this corpus."
    gaps = [
        n - (p or 0)
        for split, numbers in printed.items()
        for n, p in zip(reading.counts(split), numbers, strict=True)
    ]
    fewer, more = -sum(gap for gap in gaps if gap < 0), sum(gap for gap in gaps if gap > 0)
    if not fewer and not more:
        return "the counts are exactly the printed ones."
    gap = [f"{count:,} {word}" for count, word in ((fewer, "fewer"), (more, "more")) if count]
    said = f"{' and '.join(gap)} than printed."
    if fewer and (parts or reading.omitted):
        said += " What is left out or missing, above, explains what is fewer, as far as it goes."
    return said


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _EXAMPLES
    return ", ".join(names[:_EXAMPLES]) + (f" and {rest:,} more" if rest > 0 else "")


def _item(name: str, text: str) -> list[str]:
    return wrap(
        f"{name}: {text}",
        _WIDTH,
        initial_indent="- ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
