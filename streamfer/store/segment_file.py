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


def _local(table: pa.Schema, computed_later: set[str]) -> pa.Schema:
    """A public table's columns that a segment knows, with its local track number."""
    return pa.schema(
        [
            pa.field("track" if field.name == "track_id" else field.name, field.type)
            for field in table
            if field.name not in computed_later
        ]
    )


_VIDEO = {"video", "video_id"}

WINDOWS = _local(schema.TIMELINES, _VIDEO | {"window_start_s", "window_end_s", "emotion"})
FRAMES = _local(schema.FRAMES, _VIDEO)
EMBEDDINGS = _local(schema.EMBEDDINGS, _VIDEO)
TRACKS = pa.schema(
    {
        "track": pa.int32(),
        "first_tick": pa.int32(),
        "first_x": pa.float32(),
        "first_y": pa.float32(),
        "samples": pa.int32(),
    }
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
    "frames": FRAMES,
    "embeddings": EMBEDDINGS,
}
_SCALARS = {
    "sampled": pa.int64(),
    "decoded_until_s": pa.float64(),
    "decode_errors": pa.int64(),
    "ended": pa.bool_(),
}
_FILE = pa.schema(
    {name: pa.list_(pa.struct(list(table))) for name, table in _TABLES.items()} | _SCALARS,
    metadata={schema.SCHEMA_KEY: "segment.v1"},
)
_DIGEST_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True)
class SegmentResult:
    """A segment's rows. Track numbers are local; places are fractions of the displayed picture.

    windows: the windows the segment owns (schema `WINDOWS`).
    tracks: per track at how many ticks that the segment owns it was seen, the first of them, and
        the centre of its box there; in the margins, if at none (`TRACKS`).
    seam: every face at the ticks within one margin of either end of the owned range, inside
        and outside it, for stitching (`SEAM`).
    frames, embeddings: every face at an owned tick; empty unless asked for (`FRAMES`,
        `EMBEDDINGS`).
    sampled: owned ticks that had a frame.
    decoded_until_s: time of the last frame decoded, in seconds; NaN if there was none.
    decode_errors: corrupt packets and frames met.
    ended: whether the end of the stream was reached.

    Raises ValueError if a table's schema is not the one named.
    """

    windows: pa.Table
    tracks: pa.Table
    seam: pa.Table
    frames: pa.Table
    embeddings: pa.Table
    sampled: int
    decoded_until_s: float
    decode_errors: int
    ended: bool

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
        with pa.ipc.open_stream(payload) as stream:
            if not stream.schema.equals(_FILE, check_metadata=True):
                raise ValueError("The segment file was written by another version of streamfer.")
            row = stream.read_next_batch()
        tables = {name: pa.Table.from_struct_array(row[name].flatten()) for name in _TABLES}
        scalars = {name: row[name][0].as_py() for name in _SCALARS}
        return cls(**tables, **scalars)
