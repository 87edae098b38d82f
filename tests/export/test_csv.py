"""CSV: pandas reads back what was written, and a spreadsheet runs none of it."""

import io

import pandas as pd
import pyarrow as pa
import pytest

from streamfer.export import csv
from streamfer.export.export import Format, export
from streamfer.store.read import read

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def written(table: pa.Table) -> bytes:
    file = io.BytesIO()
    csv.write(file, table.schema, table.to_batches())
    return file.getvalue()


def test_every_table_is_read_back_by_pandas(run, tmp_path):
    names = list(export(run, Format.CSV, tmp_path / "out"))
    assert names == [
        f"{t}.csv" for t in ("audio", "episodes", "frames", "timelines", "tracks", "videos")
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    for name in names:
        expected = read(run, name.removesuffix(".csv"), to="pandas")
        found = pd.read_csv(
            tmp_path / "out" / name,
            dtype={c: t for c, t in expected.dtypes.items() if c != "mel"},
            keep_default_na=False,
            na_values={c: ["nan"] for c in expected.select_dtypes("float")},
        )
        guarded = expected["video"].str.startswith(FORMULAS)
        assert 0 < guarded.sum() < len(guarded)
        assert (found["video"].str.startswith("'") == guarded).all()
        found["video"] = found["video"].str.removeprefix("'")
        if "mel" in expected:
            assert found.pop("mel").map(pd.io.json.ujson_loads).tolist() == [
                list(mel) for mel in expected.pop("mel")
            ]
        pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.parametrize("first", FORMULAS)
def test_text_that_would_be_a_formula_is_kept_text(first: str):
    table = pa.table({"name": [f"{first}1+1", f"1{first}1", "", None], "n": [-1, 2, -3, None]})
    found = pd.read_csv(io.BytesIO(written(table)), keep_default_na=False, lineterminator="\n")
    assert found["name"].tolist() == [f"'{first}1+1", f"1{first}1", "", ""]
    assert found["n"].tolist() == ["-1", "2", "-3", ""]


def test_text_of_other_types_is_guarded_too():
    texts = pa.array(["=1"])
    kinds = [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
    table = pa.table({str(n): texts.cast(kind) for n, kind in enumerate(kinds)})
    table = table.append_column("bytes", pa.array([b"=1"]))
    assert written(table).splitlines()[1] == b'"\'=1","\'=1","\'=1","\'=1"'


def test_numbers_have_the_digits_it_takes():
    third = pa.array([1 / 3])
    table = pa.table(
        {"half": third.cast(pa.float16()), "single": third.cast(pa.float32()), "double": third}
    )
    (line,) = written(table).splitlines()[1:]
    assert line == b"0.33325195,0.33333334,0.3333333333333333"


def test_no_rows_are_a_line_of_names():
    assert written(pa.table({"a": pa.array([], pa.string()), "b": pa.array([], pa.int8())})) == (
        b'"a","b"\n'
    )
