"""The public contract says what the code and its users rely on."""

import pyarrow as pa
import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.store import schema


def test_timelines_have_the_promised_columns():
    text, whole, count = pa.string(), pa.int32(), pa.int16()
    single, double = pa.float32(), pa.float64()
    timelines = schema.TABLES["timelines"].arrow
    assert list(zip(timelines.names, timelines.types, strict=True)) == [
        ("video", text),
        ("video_id", text),
        ("track_id", whole),
        ("window", whole),
        ("window_start_s", double),
        ("window_end_s", double),
        ("emotion", text),
        *((f"p_{label}", single) for label in EMOTIONS),
        ("faces", count),
        ("expected", count),
        *((f"face_{side}", single) for side in "xywh"),
        ("detection_score", single),
    ]


def test_labels_are_the_model_s_and_in_its_order():
    for table in ("timelines", "frames", "tracks"):
        names = [column.name for column in schema.TABLES[table].columns]
        assert [name for name in names if name.startswith("p_")] == [f"p_{e}" for e in EMOTIONS]
    for table in ("timelines", "tracks", "episodes"):
        emotion = next(c for c in schema.TABLES[table].columns if c.name == "emotion")
        assert emotion.values == EMOTIONS


@pytest.mark.parametrize("contract", schema.CONTRACTS.values(), ids=schema.CONTRACTS)
def test_a_contract_is_complete(contract: schema.Contract):
    names = [column.name for column in contract.columns]
    assert len(set(names)) == len(names)
    assert set(contract.key) == set(contract.sorted_by) <= set(names)
    assert contract.title
    assert contract.description
    assert all(column.meaning.endswith(".") for column in contract.columns)
    assert not any(field.nullable for field in contract.arrow)
    assert contract.arrow.metadata == {b"streamfer.schema": contract.label.encode()}
