"""What a model said of samples that it was not taught: the data behind every table and figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from streamfer.emotion.labels import EMOTIONS
from trainers.corpora.samples import Clip, Still

SCHEMA = pa.schema(
    [
        ("corpus", pa.string()),
        ("sample", pa.string()),
        ("participant", pa.string()),
        ("fold", pa.string()),
        ("label", pa.int8()),
        *((f"p_{emotion}", pa.float32()) for emotion in EMOTIONS),
    ]
)


@dataclass(frozen=True)
class Predictions:
    """N samples.

    corpus, sample, participant, fold: text (N,); participant is "" where nobody knows, fold is
    what the model had been kept from: a corpus, participants, a session. labels: int64 (N,),
    indices into `EMOTIONS`. probabilities: float32 (N, 7).
    """

    corpus: NDArray[np.str_]
    sample: NDArray[np.str_]
    participant: NDArray[np.str_]
    fold: NDArray[np.str_]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]

    @classmethod
    def of(
        cls, samples: Sequence[Clip | Still], fold: str, probabilities: NDArray[np.float32]
    ) -> Predictions:
        """What was said (N, 7) of samples, all of them in one fold."""
        return cls(
            np.array([sample.corpus for sample in samples], str),
            np.array([sample.name for sample in samples], str),
            np.array([sample.participant for sample in samples], str),
            np.full(len(samples), fold),
            np.array([sample.label for sample in samples], np.int64),
            probabilities,
        )

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, chosen: NDArray[np.bool_]) -> Predictions:
        """Those for which `chosen` (N,) is true."""
        return Predictions(
            self.corpus[chosen],
            self.sample[chosen],
            self.participant[chosen],
            self.fold[chosen],
            self.labels[chosen],
            self.probabilities[chosen],
        )

    def write(self, path: Path) -> None:
        """Write a Parquet file of the columns in `SCHEMA`."""
        columns = [self.corpus, self.sample, self.participant, self.fold, self.labels]
        arrays = [pa.array(column.tolist()) for column in columns]
        arrays += [pa.array(column) for column in self.probabilities.T]
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(arrays, names=SCHEMA.names).cast(SCHEMA), path)


def read(path: Path) -> Predictions:
    """Read what `Predictions.write` wrote."""
    table = pq.read_table(path, schema=SCHEMA)
    corpus, sample, participant, fold = (
        np.array(table[name].to_pylist(), str) for name in SCHEMA.names[:4]
    )
    labels = table["label"].to_numpy().astype(np.int64)
    probabilities = np.stack([table[f"p_{emotion}"].to_numpy() for emotion in EMOTIONS], axis=1)
    return Predictions(corpus, sample, participant, fold, labels, probabilities)


def join(parts: Sequence[Predictions]) -> Predictions:
    """All predictions of `parts`, in their order."""
    names = ("corpus", "sample", "participant", "fold", "labels", "probabilities")
    return Predictions(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))
