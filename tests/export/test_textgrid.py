"""TextGrids, read back by tgt and by Praat itself."""

from pathlib import Path

import parselmouth
import pytest
import tgt
from parselmouth import praat

from streamfer.export.export import Format, export
from streamfer.store.output import safe_name
from streamfer.store.read import read
from tests.export.conftest import EMPTY, NAMES


@pytest.fixture(scope="module")
def out(run, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("textgrid")
    assert len(list(export(run, Format.TEXTGRID, folder))) == len(NAMES) + 1
    return folder


def episodes(run: Path, key: str, track: int) -> list[tuple[int, int, str]]:
    return [
        (round(row["start_s"] * 1000), round(row["end_s"] * 1000), row["emotion"])
        for row in read(run, "episodes").to_pylist()
        if (row["video"], row["track_id"]) == (key, track)
    ]


def ms(seconds: float) -> int:
    return round(seconds * 1000)


@pytest.mark.parametrize("key", NAMES)
def test_a_tier_for_each_track_with_its_episodes(run, out, key):
    grid = tgt.io.read_textgrid(out / f"{safe_name(key)}.TextGrid")
    assert grid.get_tier_names() == ["track 0", "track 1", "track 2"]
    assert grid.start_time == 0
    assert grid.end_time >= 4321.099
    for track in range(3):
        found = grid.get_tier_by_name(f"track {track}").annotations
        expected = episodes(run, key, track)
        assert [(ms(a.start_time), ms(a.end_time), a.text) for a in found] == expected
        assert len(found) == 10


def test_praat_reads_the_same(run, out):
    grid = parselmouth.read(str(out / "plain.mp4.TextGrid"))
    assert praat.call(grid, "Get number of tiers") == 3
    for track in range(3):
        tier = track + 1
        assert praat.call(grid, "Get tier name...", tier) == f"track {track}"
        found = []
        reached = 0.0
        for number in range(1, praat.call(grid, "Get number of intervals...", tier) + 1):
            start = praat.call(grid, "Get starting point...", tier, number)
            end = praat.call(grid, "Get end point...", tier, number)
            assert end > start == reached
            reached = end
            if label := praat.call(grid, "Get label of interval...", tier, number):
                found.append((ms(start), ms(end), label))
        assert found == episodes(run, "plain.mp4", track)
        assert reached == praat.call(grid, "Get end time")


def test_a_video_without_a_face_has_no_tiers(out):
    grid = parselmouth.read(str(out / f"{EMPTY}.TextGrid"))
    assert praat.call(grid, "Get number of tiers") == 0
    assert praat.call(grid, "Get end time") == 30
