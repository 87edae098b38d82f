"""docs/tables.md says of every column what the schemas say."""

from pathlib import Path

import pytest

import streamfer
from streamfer.store import schema
from streamfer.store.query import query
from tests.store.example_run import make_run

PAGE = (Path(__file__).parents[1] / "docs" / "tables.md").read_text(encoding="utf-8")
_TYPES = {"double": "float64", "float": "float32"}  # by Arrow's names
_LISTS = {"embeddings.vector": "512 of float16", "audio.mel": "0 or 128 of float16"}


def section(contract: schema.Contract) -> str:
    """What the page must say of a table; to be pasted into it when a schema changes."""
    key, order = (
        ", ".join(f"`{n}`" for n in names) for names in (contract.key, contract.sorted_by)
    )
    title = contract.title[0].lower() + contract.title[1:]
    lines = [
        f"## `{contract.table}`: {title}",
        "",
        contract.description,
        "",
        f"Version {contract.version}. A row is identified by {key}; rows are sorted by {order}.",
        "",
        "| column | type | unit | meaning |",
        "|---|---|---|---|",
    ]
    for column in contract.columns:
        kind = _TYPES.get(str(column.type), str(column.type))
        kind = _LISTS.get(f"{contract.table}.{column.name}", kind)
        lines.append(f"| `{column.name}` | {kind} | {column.unit or ''} | {column.meaning} |")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("table", schema.TABLES)
def test_a_table_is_described_as_its_schema_describes_it(table: str):
    expected = section(schema.TABLES[table])
    assert expected in PAGE, expected


def test_the_ways_to_read_them_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("timelines", "monday", "tuesday", "runs/a", "runs/b"):
        make_run(tmp_path / f"{name}.parquet")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    code = PAGE.split("```python\n")[1].split("```")[0]
    exec(code, names)
    assert len(names["frames"]) == 2 * len(names["windows"]) == 12
    commands = PAGE.split("```\nstreamfer query")[1].split("```")[0]
    questions = [line.split('"')[1] for line in commands.splitlines()]
    assert len(questions) == 2
    for sql, runs in zip(questions, ("timelines.parquet", "runs/*.parquet"), strict=True):
        assert runs in commands
        with query(sql, runs) as answer:
            assert answer.read_all().num_rows == (
                2
                if "run" in sql.split()
                else len(set(streamfer.read("timelines.parquet")["emotion"].to_pylist()))
            )
