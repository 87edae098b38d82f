"""What lies beside an output from runs that were made otherwise, in words.

Nothing of it is mixed with what a run with these settings and models makes: their fingerprints
differ, and so do the folders of their work.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from streamfer.pipeline.compact import FINGERPRINT_KEY
from streamfer.pipeline.job import Job
from streamfer.places import Place
from streamfer.store.folders import kind
from streamfer.store.output import read_metadata
from streamfer.store.work import WorkFolder


def earlier_work(job: Job, out: Place) -> list[str]:
    """Sentences for a person: what was made or begun otherwise, how, and what becomes of it."""
    notes = []
    if kind(out):
        made = read_metadata(out)
        if made.get(FINGERPRINT_KEY) != job.fingerprint:
            notes.append(
                f"{out} was made otherwise ({_differences(made, job.metadata)}). It stays until "
                "this run is finished; its work is not used, and --fresh removes it."
            )
    begun = json.loads(WorkFolder(out).latest_job() or "{}")
    if begun and begun["fingerprint"] != job.fingerprint:
        notes.append(
            "A run that was begun here and is not finished was made otherwise "
            f"({_differences(begun['metadata'], job.metadata)}). Its work is kept apart and not "
            "used; --fresh removes it."
        )
    return notes


def _differences(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What differs in the settings and models that two tables' metadata tell of."""
    found = []
    for name, old, new in _changed(before, now, "streamfer.settings"):
        found.append(f"{name} {json.dumps(old)}, now {json.dumps(new)}")
    for task, old, new in _changed(before, now, "streamfer.models"):
        if old and new:
            parts = [part for part in new if new[part] != old.get(part)]
            found.append(f"another {' and '.join(parts)} of the {task}")
    return "; ".join(found) or "by another version of streamfer"


def _changed(
    before: Mapping[str, str], now: Mapping[str, str], key: str
) -> list[tuple[str, Any, Any]]:
    old, new = (json.loads(metadata.get(key, "{}")) for metadata in (before, now))
    return [
        (name, old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
