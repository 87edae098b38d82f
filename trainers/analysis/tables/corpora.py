"""Tables 1 and 3: what the corpora are made of, and how many samples each expression has."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from streamfer.emotion.labels import EMOTIONS
from trainers.analysis import printed
from trainers.analysis.overview import Overview
from trainers.analysis.tables.table import ABSENT, Record, Table, because, plain
from trainers.corpora.catalogue import CATALOGUE, AnyReading
from trainers.corpora.samples import Split


def overview(found: Mapping[str, Overview], absent: Mapping[str, str]) -> Table:
    """Table 1: participants, samples, hours, frame rate and size of each corpus."""
    rows, records = [], []
    for corpus in dict.fromkeys((*printed.OVERVIEW, *found)):
        if corpus in found:
            row, record = _ours(found[corpus])
        else:
            row, record = (ABSENT,) * 7, {}
        rows.append((plain(corpus), *row))
        shown = printed.OVERVIEW.get(corpus)
        if shown is not None:
            cells = (
                f"{shown.states}",
                f"{shown.participants or 'n/a'}",
                f"{shown.samples:,}",
                shown.hours,
                shown.fps,
                shown.resolution,
                shown.conditions,
            )
            rows.append(("*printed*", *(f"*{cell or ABSENT}*" for cell in cells)))
        records.append(
            {
                "corpus": corpus,
                **record,
                "printed_expressions": shown.states if shown else None,
                "printed_participants": shown.participants if shown else None,
                "printed_samples": shown.samples if shown else None,
                "printed_hours": shown.hours if shown else None,
                "printed_fps": shown.fps if shown else None,
                "printed_resolution": shown.resolution if shown else None,
            }
        )
    return Table(
        "table-1",
        "Table 1. The corpora",
        (
            "Corpus",
            "Expressions",
            "Participants",
            "Samples (+ left out)",
            "Hours",
            "FPS",
            "Resolution",
            "Conditions",
        ),
        tuple(rows),
        tuple(records),
        (
            "Expressions and samples are those that the study takes; left out are samples of "
            "another expression, of raters who disagree and the like (see the omissions). Hours "
            "are what samples cover.",
            *(
                f"{plain(corpus)}: {one.unreadable} files could not be opened."
                for corpus, one in found.items()
                if one.unreadable
            ),
            *because(absent, printed.OVERVIEW),
        ),
    )


def _ours(found: Overview) -> tuple[tuple[str, ...], Record]:
    hours = None if found.seconds is None else found.seconds / 3600
    minutes = None if hours is None else divmod(round(hours * 60), 60)
    fps = "" if found.fps is None else _range(*(f"{rate:.4g}" for rate in found.fps))
    sizes = "" if found.sizes is None else _range(*(f"{w}×{h}" for w, h in found.sizes))
    row = (
        f"{found.expressions}",
        f"{found.participants or 'n/a'}",
        f"{found.samples:,}" + (f" (+ {found.left_out:,})" if found.left_out else ""),
        "{}:{:02}".format(*minutes) if minutes else ABSENT,
        fps or ABSENT,
        sizes or ABSENT,
        ABSENT,
    )
    return row, {
        "expressions": found.expressions,
        "participants": found.participants,
        "samples": found.samples,
        "left_out": found.left_out,
        "hours": hours,
        "fps": fps,
        "resolution": sizes,
    }


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low}–{high}"


def counts(
    readings: Mapping[str, AnyReading],
    absent: Mapping[str, str],
    unlike: Collection[str] = (),
) -> Table:
    """Table 3: the samples of each expression that the adapters give, beside the printed ones.

    `unlike` are corpora that are not meant to have the printed counts: these explain nothing.
    """
    rows: list[tuple[str, ...]] = []
    records: list[Record] = []
    total, notes = [0] * len(EMOTIONS), []
    for corpus in dict.fromkeys((*printed.OVERVIEW, *readings)):
        known = CATALOGUE[corpus].printed if corpus in CATALOGUE else {}
        reading = readings.get(corpus)
        for split in known or _splits(reading):
            ours = reading.counts(split) if reading else None
            shown = known.get(split)
            name = f"{plain(corpus)} ({split})" if split else plain(corpus)
            rows.append((name, *_cells(ours)))
            if shown is not None:
                rows.append(("*printed*", *(f"*{cell}*" for cell in _cells(shown))))
            if ours is not None:
                total = [a + b for a, b in zip(total, ours, strict=True)]
                if corpus not in unlike and shown and ours != tuple(count or 0 for count in shown):
                    note = CATALOGUE[corpus].note or "a part is missing, or it is another version."
                    notes.append(f"{name} differs from what is printed. {plain(note)}")
            records += [
                {
                    "corpus": corpus,
                    "split": split,
                    "emotion": emotion,
                    "ours": ours[i] if ours is not None else None,
                    "printed": shown[i] if shown is not None else None,
                }
                for i, emotion in enumerate(EMOTIONS)
            ]
    everything = sum(total)
    part = (f"{100 * n / everything:.2f}" if everything else ABSENT for n in total)
    rows += [
        ("**Total**", *_cells(tuple(total))),
        ("*printed*", *(f"*{cell}*" for cell in _cells(printed.COUNTS_TOTAL))),
        ("**Part, %**", *part),
        ("*printed*", *(f"*{cell}*" for cell in printed.COUNTS_PART)),
    ]
    return Table(
        "table-3",
        "Table 3. Samples of each expression",
        ("Corpus", *EMOTIONS),
        tuple(rows),
        tuple(records),
        (
            "Pictures are counted of AffWild2, as in the paper, and of the corpora of stills; of "
            "the others, clips.",
            "The printed rows add up to 173,985 of sadness and 33,362 of fear, not to the printed "
            "totals.",
            *notes,
            *because(absent, printed.OVERVIEW),
        ),
    )


def _splits(reading: AnyReading | None) -> list[Split]:
    return sorted({sample.split for sample in reading.samples}) if reading else []


def _cells(counted: tuple[int | None, ...] | None) -> tuple[str, ...]:
    """`counted` is the paper's dash where None; the whole is None where nothing was counted."""
    cells = counted or (None,) * len(EMOTIONS)
    return tuple(ABSENT if count is None else f"{count:,}" for count in cells)
