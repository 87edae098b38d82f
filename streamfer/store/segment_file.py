"""What one segment's worker returns, and the bytes in which it is committed.

A segment file is one Arrow IPC stream of a single row, each table a list of structs, followed
by the stream's sha256: readable by any Arrow library, never by running code, and a torn or
altered file is told from a whole one.
"""

import hashlib
from dataclasses import dataclass
from typing import Self

import pyarrow as pa

from streamfer.store import schema

_COMPUTED_LATER = {"video", "video_id", "window_start_s", "window_end_s", "emotion"}


def _local(table: str) -> pa.Schema:
    """A public table's columns that a segment knows, with its local track number."""
    return pa.schema(
        [
            pa.field("track" if field.name == "track_id" else field.name, field.type)
            for field in schema.TABLES[table].arrow
            if field.name not in _COMPUTED_LATER
        ]
    )


WINDOWS = _local("timelines")
AUDIO = _local("audio")
FRAMES = _local("frames")
EMBEDDINGS = _local("embeddings")
TRACKS = pa.schema(
    {
        "track": pa.int32(),
        "first_tick": pa.int32(),
        "last_tick": pa.int32(),
        "first_x": pa.float32(),
        "first_y": pa.float32(),
        "samples": pa.int32(),
    }
    | {name: pa.float64() for name in WINDOWS.names if name.startswith("p_")}
)
SEAM = pa.schema(
    {
        "tick": pa.int32(),
        "track": pa.int32(),
        "face_x": pa.float32(),
        "face_y": pa.float32(),
        "face_w": pa.float32(),
        "face_h": pa.float32(),
    }
)
_TABLES = {
    "windows": WINDOWS,
    "tracks": TRACKS,
    "seam": SEAM,
    "audio": AUDIO,
    "frames": FRAMES,
    "embeddings": EMBEDDINGS,
}
_SCALARS = {
    "sampled": pa.int64(),
    "last_tick": pa.int64(),
    "decoded_until_s": pa.float64(),
    "decode_errors": pa.int64(),
    "ended": pa.bool_(),
    "sound": pa.string(),
}
_FILE = pa.schema(
    {name: pa.list_(pa.struct(list(table))) for name, table in _TABLES.items()} | _SCALARS,
    metadata={schema.SCHEMA_KEY: "segment.v2"},
)
_DIGEST_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True)
class SegmentResult:
    """A segment's rows. Track numbers are local; places are fractions of the displayed picture.

    windows: the windows the segment owns (schema `WINDOWS`).
    tracks: per track at how many ticks that the segment owns it was seen, the first and the last
        of them, the centre of its box at the first, and the sums of its faces' probabilities; if
        at none, its first face in the margins gives ticks and box (`TRACKS`).
    seam: every face at the ticks within one margin of either end of the owned range, inside
        and outside it, for stitching (`SEAM`).
    audio: the windows the segment owns; empty unless asked for (`AUDIO`).
    frames, embeddings: every face at an owned tick; empty unless asked for (`FRAMES`,
        `EMBEDDINGS`).
    sampled: owned ticks that had a frame.
    last_tick: the last tick, owned or in a margin, that had a frame; -1 if none had.
    decoded_until_s: where the last frame decoded ends, in seconds; 0 if there was none.
    decode_errors: corrupt packets and frames met.
    ended: whether the end of the stream was reached.
    sound: what was listened to, in words for the ledger; empty unless asked for.

    Raises ValueError if a table's schema is not the one named.
    """

    windows: pa.Table
    tracks: pa.Table
    seam: pa.Table
    audio: pa.Table
    frames: pa.Table
    embeddings: pa.Table
    sampled: int
    last_tick: int
    decoded_until_s: float
    decode_errors: int
    ended: bool
    sound: str

    def __post_init__(self) -> None:
        for name, expected in _TABLES.items():
            found = getattr(self, name).schema
            if not found.equals(expected):
                raise ValueError(f"The table {name} of a segment has the schema\n{found}")

    def to_bytes(self) -> bytes:
        """The segment file's bytes; equal results of one Arrow version give equal bytes."""
        columns = []
        for name in _TABLES:
            table = getattr(self, name)
            rows = table.to_struct_array().combine_chunks()
            offsets = pa.array([0, table.num_rows], pa.int32())
            columns.append(pa.ListArray.from_arrays(offsets, rows))
        columns += [pa.array([getattr(self, name)], kind) for name, kind in _SCALARS.items()]
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.ipc.new_stream(sink, _FILE, options=options) as stream:
            stream.write_batch(pa.RecordBatch.from_arrays(columns, schema=_FILE))
        payload: bytes = sink.getvalue().to_pybytes()
        return payload + hashlib.sha256(payload).digest()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The inverse of `to_bytes`. Raises ValueError for anything else."""
        payload = data[:-_DIGEST_BYTES]
        if hashlib.sha256(payload).digest() != data[-_DIGEST_BYTES:]:
            raise ValueError("The segment file is torn or altered: its checksum is wrong.")
        # A thread of Arrow's that outlived the interpreter would abort the process.
        options = pa.ipc.IpcReadOptions(use_threads=False)
        with pa.ipc.open_stream(payload, options=options) as stream:
            if not stream.schema.equals(_FILE, check_metadata=True):
                raise ValueError("The segment file was written by another version of streamfer.")
            row = stream.read_next_batch()
        tables = {name: pa.Table.from_struct_array(row[name].flatten()) for name in _TABLES}
        scalars = {name: row[name][0].as_py() for name in _SCALARS}
        return cls(**tables, **scalars)
