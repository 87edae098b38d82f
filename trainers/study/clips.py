"""The study's stages on video: embeddings once, then the six methods by the paper's protocols."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np

from streamfer.emotion.backbone import load_backbone
from streamfer.faces.detector import load_detector
from trainers.analysis import printed
from trainers.analysis.tables.temporal import CROSS_VALIDATED, LENGTHS
from trainers.predictions import Predictions
from trainers.protocols.folds import in_two_corpora
from trainers.study.findings import Findings, Network
from trainers.study.reading import clips_of, samples_digest
from trainers.study.settings import Study
from trainers.study.stills import backbone_file, shown_name, workers_device
from trainers.study.work import Work, digest
from trainers.temporal.paper.embeddings import embed
from trainers.temporal.paper.experiments import cross_validate, leave_one_corpus_out
from trainers.temporal.paper.sequences import Sequences, sequences
from trainers.temporal.paper.smoothing import choose_length

_VALIDATED = "CNN-LSTM"
"""The method of Table 6's last column."""

_SHARED = "participants of a name that is also in another corpus: they must not be the same people"


def run_temporal(study: Study, work: Work, found: Findings, say: Callable[[str], None]) -> None:
    """Embed the corpora of video and do all of Table 6 with them."""
    corpora = embed_corpora(study, work, found, say)
    if not corpora:
        reason = "no corpus of video is there"
        found.absent |= dict.fromkeys((*printed.METHODS, CROSS_VALIDATED, LENGTHS), reason)
        return
    # Once: it reads all embeddings.
    given = {
        "temporal": asdict(study.temporal),
        "corpora": {one.clips[0].corpus: sequences_digest(one) for one in corpora},
    }
    if study.lengths:
        seek_length(study, corpora, given, work, found)
    else:
        found.absent[LENGTHS] = "not asked for"
    step = "cross-corpus experiments"
    work.attempt(step, partial(run_protocols, study, corpora, given, work, found))
    for method in (*printed.METHODS, CROSS_VALIDATED) if step in work.failed else ():
        if method not in found.left_out:
            found.absent.setdefault(method, work.failed[step])


def embed_corpora(
    study: Study, work: Work, found: Findings, say: Callable[[str], None]
) -> list[Sequences]:
    """Have streamfer look at the videos of each corpus, once; gives the faces of its clips.

    A corpus that cannot be looked at is absent, with the reason.
    """
    usable = []
    for name, clips in clips_of(found).items():
        step = f"embeddings of {name}"

        def look(name: str = name, clips: Sequence[Any] = clips) -> Sequences:
            backbone = backbone_file(study, found)
            analysis = replace(study.analysis, backbone=backbone)
            sha256 = load_backbone(backbone, weights=analysis.weights).sha256
            kept = digest([asdict(analysis), sha256])
            timelines = embed(
                name, clips, work.folder / f"embeddings-{kept}", analysis, study.execution, say
            )
            return sequences(clips, timelines)

        seen = work.attempt(step, look)
        if seen is None:
            found.absent[name] = work.failed[step]
            continue
        told = Counter(omission.reason for omission in (*seen.omitted, *seen.remarks))
        found.left[name] = dict(found.left[name]) | dict(told.most_common())
        usable.append(seen)
    shared = in_two_corpora([clip for one in usable for clip in one.clips]).values()
    for name, count in Counter(corpus for both in shared for corpus in both).items():
        found.left[name] = dict(found.left[name]) | {_SHARED: count}
    if usable:
        sha256 = usable[0].backbone_sha256
        detector = load_detector(study.analysis.detector)
        found.networks += [
            Network("faces in videos", detector.name, detector.sha256),
            Network("embeddings", shown_name(study), sha256),
        ]
    return usable


def run_protocols(
    study: Study,
    corpora: Sequence[Sequences],
    given: Mapping[str, Any],
    work: Work,
    found: Findings,
) -> None:
    """Table 6: each method with one corpus left out, and CNN-LSTM within each corpus.

    `given` is what its results depend on. Methods of which one fold fails are absent, with the
    reason.
    """
    workers = study.execution.workers or len(os.sched_getaffinity(0))
    if study.execution.address:
        workers = max(workers, 2)  # folds of more than one are tasks of the cluster
    where: dict[str, Any] = {"workers": workers, "device": workers_device(study.execution)}
    folder = work.folder / f"temporal-{digest(given)}"
    with _on_ray(study, workers):
        for method in printed.METHODS:
            if method not in study.methods:
                found.absent[method] = "not asked for"
                continue
            said = work.predictions(
                method,
                given,
                partial(
                    leave_one_corpus_out,
                    method.lower(),
                    corpora,
                    study.temporal,
                    folder,
                    **where,
                ),
            )
            if said is None:
                found.absent[method] = work.failed[method]
            else:
                found.left_out[method] = by_corpus(said)
        if not study.cross_validation:
            found.absent[CROSS_VALIDATED] = "not asked for"
            return
        for corpus in corpora:
            name = corpus.clips[0].corpus
            step = f"{CROSS_VALIDATED} of {name}"
            said = work.predictions(
                step,
                dict(given) | {"corpora": {name: given["corpora"][name]}},
                partial(
                    cross_validate,
                    _VALIDATED.lower(),
                    corpus,
                    study.temporal,
                    folder,
                    **where,
                ),
            )
            if said is None:
                found.absent[step] = work.failed[step]
            else:
                found.cross_validated[name] = said


def seek_length(
    study: Study,
    corpora: Sequence[Sequences],
    given: Mapping[str, Any],
    work: Work,
    found: Findings,
) -> None:
    """Section 4.3: CNN-S's length by brute force; `given` is what it depends on."""

    def make() -> dict[str, Any]:
        tried = choose_length(corpora, study.temporal)
        return {
            "best": tried.best,
            "uar": {
                corpus: dict(zip(tried.lengths, row.tolist(), strict=True))
                for corpus, row in zip(tried.corpora, tried.uar, strict=True)
            },
        }

    kept = work.figures(LENGTHS, given, make)
    if kept is None:
        found.absent[LENGTHS] = work.failed[LENGTHS]
    else:
        found.length = kept["best"]
        found.lengths = {
            corpus: {int(length): uar for length, uar in row.items()}
            for corpus, row in kept["uar"].items()
        }


def by_corpus(said: Predictions) -> dict[str, Predictions]:
    """Predictions of several corpora, apart."""
    return {str(corpus): said.where(said.corpus == corpus) for corpus in np.unique(said.corpus)}


def _on_ray(study: Study, workers: int) -> AbstractContextManager[None]:
    """Ray for all that follows, so that it is not started anew for each method."""
    if workers == 1 and not study.execution.address:
        return nullcontext()
    # Importing Ray takes a second.
    from streamfer.cluster.session import session  # noqa: PLC0415

    return session(study.execution.address, workers)


def sequences_digest(one: Sequences) -> str:
    """Whether sequences are the same: the clips, and all that was seen of their faces."""
    seen, faces = one.faces, sha256()
    for array in (seen.track, seen.tick, seen.embeddings, seen.probabilities, one.own):
        faces.update(np.ascontiguousarray(array).data)
    return digest([samples_digest(one.clips), one.backbone_sha256, one.fps, faces.hexdigest()])
