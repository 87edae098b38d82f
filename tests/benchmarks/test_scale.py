"""The committed figures of long and of broken videos say what the documents say of them."""

import json
from itertools import product
from typing import Any

import pytest

from benchmarks import fuzz, long_video, overhead, seeking


def committed(module: Any) -> dict[str, Any]:
    result = json.loads(module.RESULTS.read_text())
    assert result["processor"]
    assert result["command"].startswith(f"python -m {module.__name__} ")
    return result


def test_ten_hours_are_one_track_and_take_the_memory_of_ten_minutes():
    short, long = committed(long_video)["runs"]
    assert (round(short["minutes"], -1), round(long["minutes"], -1)) == long_video.MINUTES
    assert long["tracks"] == short["tracks"] == 1
    assert long["rows"] == pytest.approx(60 * long["minutes"], abs=10)
    # What was written: what is mapped from files is shared with whoever else maps them.
    assert long["written_peak_memory_mib"] < 1.11 * short["written_peak_memory_mib"]
    assert long["driver_peak_memory_mib"] < 1.15 * short["driver_peak_memory_mib"]


def test_the_graph_takes_a_tenth_of_an_hours_work_at_most():
    result = committed(overhead)
    assert result["minutes"] >= 60
    assert {run["workers"]: run["overhead_percent"] <= 10 for run in result["runs"]} == {
        1: True,
        2: True,
    }


def test_every_one_of_a_thousand_mutants_has_an_end_and_a_reason():
    result = committed(fuzz)
    assert result["files"] == result["count"] == sum(result["status"].values()) >= 1000
    assert result["exit_code"] == 3
    assert result["without_reason"] == 0
    assert set(result["attempts"]) <= {"0", "1"}  # of none did a worker die
    assert result["peak_memory_mib"] < fuzz.CEILING_MIB


def test_as_planned_no_file_costs_much_more_than_one_pass():
    """But for the margins, a fifth on either side of a segment here, half of it at most."""
    result = committed(seeking)
    files = {(file["kind"], file["gop"]): file for file in result["files"]}
    assert files.keys() == set(product(seeking.KINDS, seeking.GOPS))
    for file in files.values():
        assert file["planned_s"] < 2.1 * file["one_pass_s"], file
    # What the plan spares: in such segments the whole would be decoded over and over.
    for kind in ("h264", "avi without index"):
        for gop in seeking.GOPS:
            file = files[kind, gop]
            assert file["segments"] == 1
            assert file["fixed_s"] > 3 * file["planned_s"]
    assert files["mp4", 12]["segments"] == result["seconds"] / result["segment_s"]
