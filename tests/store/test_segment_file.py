"""A segment's result survives its file exactly; anything else is refused."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamfer.store import segment_file
from streamfer.store.segment_file import SegmentResult

TABLES = {
    "windows": segment_file.WINDOWS,
    "tracks": segment_file.TRACKS,
    "seam": segment_file.SEAM,
    "audio": segment_file.AUDIO,
    "frames": segment_file.FRAMES,
    "embeddings": segment_file.EMBEDDINGS,
}
SCALARS = {
    "sampled": 7,
    "last_tick": 34,
    "decoded_until_s": 1.5,
    "decode_errors": 0,
    "ended": True,
    "sound": "none",
}


def table(columns: pa.Schema, rows: int, rng: np.random.Generator) -> pa.Table:
    """Rows of arbitrary bits, so that NaN, infinities and extremes occur."""

    def values(kind: pa.DataType, length: int) -> pa.Array:
        if pa.types.is_fixed_size_list(kind):
            return pa.FixedSizeListArray.from_arrays(
                values(kind.value_type, length * kind.list_size), type=kind
            )
        if pa.types.is_list(kind):
            lengths = rng.integers(0, 4, length)
            offsets = pa.array(np.concatenate([[0], lengths.cumsum()]), pa.int32())
            return pa.ListArray.from_arrays(
                offsets, values(kind.value_type, lengths.sum()), type=kind
            )
        dtype = np.dtype(kind.to_pandas_dtype())
        return pa.array(np.frombuffer(rng.bytes(length * dtype.itemsize), dtype), kind)

    return pa.table([values(field.type, rows) for field in columns], schema=columns)


@st.composite
def results(draw: st.DrawFn) -> SegmentResult:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    tables = {}
    for name, columns in TABLES.items():
        pieces = draw(st.lists(st.integers(0, 5), max_size=3))
        tables[name] = pa.concat_tables(
            [columns.empty_table(), *(table(columns, rows, rng) for rows in pieces)]
        )
    return SegmentResult(
        **tables,
        sampled=draw(st.integers(0, 2**40)),
        last_tick=draw(st.integers(-1, 2**40)),
        decoded_until_s=draw(st.floats(allow_nan=False)),
        decode_errors=draw(st.integers(0, 2**40)),
        ended=draw(st.booleans()),
        sound=draw(st.text()),
    )


def bits(result: SegmentResult) -> list[object]:
    """Everything in a result, with NaN equal to itself."""
    tables = [getattr(result, name).combine_chunks() for name in TABLES]
    columns = [repr(column.to_pylist()) for table in tables for column in table.columns]
    scalars = [getattr(result, name) for name in SCALARS]
    return [*(table.schema for table in tables), *columns, *scalars]


@given(results())
def test_round_trip(result: SegmentResult):
    data = result.to_bytes()
    assert bits(SegmentResult.from_bytes(data)) == bits(result)
    assert SegmentResult.from_bytes(data).to_bytes() == data


@given(results(), st.data())
def test_torn_or_altered_bytes_are_refused(result: SegmentResult, data: st.DataObject):
    whole = result.to_bytes()
    with pytest.raises(ValueError, match="torn or altered"):
        SegmentResult.from_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    altered = bytearray(whole)
    altered[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match="torn or altered"):
        SegmentResult.from_bytes(bytes(altered))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(data: bytes):
    with pytest.raises(ValueError, match="torn or altered"):
        SegmentResult.from_bytes(data)


def test_it_is_an_arrow_stream_for_any_reader():
    rng = np.random.default_rng(0)
    tables = {name: table(columns, 2, rng) for name, columns in TABLES.items()}
    result = SegmentResult(**tables, **SCALARS)
    row = pa.ipc.open_stream(result.to_bytes()).read_all()
    assert row.num_rows == 1
    assert row["sampled"][0].as_py() == 7
    assert len(row["windows"][0]) == 2


def test_a_wrong_schema_is_refused_where_it_arises():
    tables = {name: columns.empty_table() for name, columns in TABLES.items()}
    tables["seam"] = pa.table({"tick": pa.array([], pa.int64())})
    with pytest.raises(ValueError, match=r"seam .*\n.*tick: int64"):
        SegmentResult(**tables, **SCALARS)
