"""JSON lines: every table is read back as it was."""

import json

import pyarrow as pa

from streamfer.export.export import Format, export
from streamfer.export.jsonl import lines
from streamfer.store.read import read


def test_every_table_is_read_back(run, tmp_path):
    for name in export(run, Format.JSONL, tmp_path):
        expected = read(run, name.removesuffix(".jsonl"))
        text = (tmp_path / name).read_text(encoding="ascii")
        rows = [json.loads(line, parse_constant=None) for line in text.splitlines()]
        assert "NaN" not in text
        for row in rows:
            row |= {c: float("nan") for c, value in row.items() if value is None}
        found = pa.Table.from_pylist(rows, expected.schema)
        assert str(found.to_pylist()) == str(expected.to_pylist())
        assert len(rows) > 10


def test_values_that_json_lacks_become_such_as_it_has():
    table = pa.table(
        {
            "single": pa.array([0.1, None, float("nan")], pa.float32()),
            "large": pa.array([10**20, 1, None], pa.decimal128(38, 0)),
            "money": pa.array(["1.25", "2.00", "0.10"]).cast(pa.decimal128(5, 2)),
            "day": pa.array([0, 1, None], pa.date32()),
        }
    )
    assert [json.loads(line) for line in lines(table.to_batches())] == [
        {"single": 0.1, "large": 10**20, "money": 1.25, "day": "1970-01-01"},
        {"single": None, "large": 1, "money": 2, "day": "1970-01-02"},
        {"single": None, "large": None, "money": 0.1, "day": None},
    ]
