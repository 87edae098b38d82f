"""docs/export.md tells of every format and every column."""

import re
from pathlib import Path

import pandas as pd

from streamfer.export.export import Format, export
from tests.store.example_run import VIDEO, make_run

PAGE = (Path(__file__).parents[2] / "docs" / "export.md").read_text(encoding="utf-8")


def test_every_format_is_described():
    assert re.findall(r"^\| `([a-z][a-z-]*)` \|", PAGE, re.MULTILINE)[: len(Format)] == list(Format)
    assert re.findall(r"^\*\*([a-z-]+)\.\*\*", PAGE, re.MULTILINE) == list(Format)


def test_every_column_in_openfaces_style_is_named(tmp_path: Path):
    list(export(make_run(tmp_path / "timelines.parquet"), Format.OPENFACE, tmp_path))
    for column in pd.read_csv(tmp_path / f"{VIDEO}.csv").columns:
        if not re.fullmatch(r"p_.*|(left|right)_eye_.", column):
            assert f"`{column}`" in PAGE, column
