"""The study's first stage: which corpora are there, what they hold, and of what they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from streamfer.errors import InputError, UsageError
from trainers.analysis import printed
from trainers.analysis.overview import Overview, look
from trainers.corpora import catalogue, pictures
from trainers.corpora.catalogue import AnyReading
from trainers.corpora.samples import Clip, Omission, Reading, Still
from trainers.corpora.synthetic.make import README
from trainers.study.findings import Findings
from trainers.study.settings import Study
from trainers.study.work import Work, digest

UNREADABLE = "its picture cannot be read, or its box lies outside it"

_SYNTHETIC = README.partition("\n")[0]


def read_corpora(
    root: Path, study: Study, work: Work, found: Findings, say: Callable[[str], None]
) -> None:
    """Read the corpora under `root` that the study takes, and look at their files (Table 1).

    One that cannot be read is absent, with the reason; the others go on.

    Raises:
        UsageError: A corpus is asked for that is not there, or given twice.
    """
    there = catalogue.found(root)
    if missing := [name for name in study.corpora if name not in there]:
        raise UsageError(
            f"{root} holds no {missing[0]}; it holds: {', '.join(there) or 'no corpus'}."
        )
    for name in printed.OVERVIEW:
        if name not in there:
            found.absent[name] = "it is not there"
    for name, place in there.items():
        if study.corpora and name not in study.corpora:
            found.absent[name] = "not asked for"
            continue
        step = f"reading {name}"
        reading = work.attempt(
            step, partial(catalogue.read, name, place, study.agreement, study.raters)
        )
        reading = reading and _readable(reading, step, work)
        if reading is None:
            found.absent[name] = work.failed[step]
            continue
        found.left[name] = dict(reading.reasons())
        if not reading.samples:
            found.absent[name] = "none of its samples could be taken"
            continue
        say(f"{name}: {len(reading.samples):,} samples, {len(reading.omitted):,} left out")
        found.readings[name] = reading
        measured = work.figures(
            f"overview of {name}",
            {"samples": samples_digest(reading.samples), "left out": len(reading.omitted)},
            partial(_looked_at, reading, study),
        )
        if measured is not None:
            found.overviews[name] = _overview(measured)
    if is_synthetic(root):
        found.synthetic = frozenset(found.readings)


def clips_of(found: Findings) -> dict[str, list[Clip]]:
    """The clips of each corpus of video."""
    return _of(found, Clip)


def stills_of(found: Findings) -> dict[str, list[Still]]:
    """The pictures of each corpus of pictures."""
    return _of(found, Still)


def samples_digest(samples: Iterable[Clip | Still]) -> str:
    """Whether samples are the same: what is said of them, and their files' sizes and times."""
    return digest(list(_described(samples)))


def is_synthetic(root: Path) -> bool:
    """Whether `root` was made by `python -m trainers corpora synthesise`."""
    readme = root / "README.txt"
    return readme.is_file() and readme.read_text(errors="replace").startswith(_SYNTHETIC)


def _of(found: Findings, kind: type) -> dict[str, list[Any]]:
    return {
        name: list(reading.samples)
        for name, reading in found.readings.items()
        if isinstance(reading.samples[0], kind)
    }


def _described(samples: Iterable[Clip | Still]) -> Iterator[tuple[object, ...]]:
    changed: dict[Path, tuple[int, int] | None] = {}
    for one in samples:
        file = one.source if isinstance(one, Still) else one.video
        if file not in changed:
            state = file.stat() if file.exists() else None
            changed[file] = state and (state.st_size, state.st_mtime_ns)
        common = (one.corpus, one.name, one.label, one.participant, one.split, changed[file])
        if isinstance(one, Still):
            yield (*common, one.member, one.box)
        else:
            yield (*common, one.session, one.take, one.span, one.region)


def _readable(reading: AnyReading, step: str, work: Work) -> AnyReading | None:
    """A corpus without the pictures that cannot be read, which would end a training midway.

    Clips are looked at by streamfer, which counts what it cannot read. None: the step failed.
    """
    stills = [sample for sample in reading.samples if isinstance(sample, Still)]
    if not stills:
        return reading
    given = {"samples": samples_digest(stills)}
    names = work.figures(step, given, lambda: [one.name for one in stills if not _can_read(one)])
    if names is None:
        return None
    unreadable = frozenset(names)
    return Reading(
        reading.corpus,
        tuple(one for one in stills if one.name not in unreadable),
        (*reading.omitted, *(Omission(UNREADABLE, name) for name in names)),
    )


def _can_read(still: Still) -> bool:
    try:
        pictures.load(still)
    except InputError:
        return False
    return True


def _looked_at(reading: AnyReading, study: Study) -> dict[str, Any]:
    return asdict(look(reading, study.execution.limits))


def _overview(kept: dict[str, Any]) -> Overview:
    """As it was before it became JSON, which has no tuples."""
    fps, sizes = kept["fps"], kept["sizes"]
    return Overview(
        **kept
        | {"fps": fps and tuple(fps), "sizes": sizes and tuple(tuple(size) for size in sizes)}
    )
