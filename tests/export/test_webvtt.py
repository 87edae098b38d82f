"""WebVTT, read back by webvtt-py."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
import webvtt

from streamfer.export.export import Format, export
from streamfer.store.output import safe_name
from streamfer.store.read import read
from tests.export.conftest import EMPTY, FAILED, NAMES, of
from tests.store.example_rows import make_episodes, make_timelines


def ms(caption: webvtt.Caption) -> tuple[int, int]:
    return (caption.start_time.in_milliseconds(), caption.end_time.in_milliseconds())


def rows_of(run: Path, table: str, video: str) -> list[dict]:
    return [row for row in read(run, table).to_pylist() if row["video"] == video]


def test_a_caption_for_each_episode_at_its_time(run, tmp_path):
    names = list(export(run, Format.VTT, tmp_path))
    assert set(names) == {f"{safe_name(key)}.vtt" for key in [*NAMES, EMPTY]}
    for key in NAMES:
        found = webvtt.read(tmp_path / f"{safe_name(key)}.vtt")
        expected = [
            (
                round(r["start_s"] * 1000),
                round(r["end_s"] * 1000),
                f"track {r['track_id']}: {r['emotion']}",
            )
            for r in rows_of(run, "episodes", key)
        ]
        assert [(*ms(caption), caption.text) for caption in found] == sorted(expected)
        assert len(found) == 30


def test_a_json_cue_for_each_window(run, tmp_path):
    list(export(run, Format.VTT_JSON, tmp_path))
    for key in NAMES:
        found = [
            (*ms(caption), json.loads(caption.text))
            for caption in webvtt.read(tmp_path / f"{safe_name(key)}.json.vtt")
        ]
        assert [start for start, *_ in found] == sorted(start for start, *_ in found)
        for row in rows_of(run, "timelines", key):
            cue = next(
                cue
                for *_, cue in found
                if (cue["track_id"], cue["window"]) == (row["track_id"], row["window"])
            )
            start, end = next((s, e) for s, e, c in found if c is cue)
            assert (start, end) == (row["window_start_s"] * 1000, row["window_end_s"] * 1000)
            assert cue.keys() == row.keys() - {
                "video",
                "video_id",
                "window_start_s",
                "window_end_s",
            }
            assert pa.scalar(cue["p_fear"], pa.float32()).as_py() == row["p_fear"]
            assert cue["emotion"] == row["emotion"]


def test_a_video_without_a_face_has_no_captions_and_a_failed_one_no_file(run, tmp_path):
    for form, suffix in ((Format.VTT, ".vtt"), (Format.VTT_JSON, ".json.vtt")):
        names = list(export(run, form, tmp_path))
        assert not [name for name in names if name.startswith(FAILED)]
        assert (tmp_path / f"{EMPTY}{suffix}").read_text() == "WEBVTT\n"


def test_what_a_table_says_is_never_markup():
    from streamfer.export.webvtt import captions, cues

    hostile = "<b>&amp; --> 00:00"
    text = captions({}, of("a", make_episodes(1), emotion=[hostile]))
    (caption,) = webvtt.from_string(text)
    assert caption.raw_text == "track 0: &lt;b&gt;&amp;amp; --&gt; 00:00"
    text = cues({}, of("a", make_timelines(1), emotion=[hostile]))
    assert not set("<&") & set(text)
    assert text.count("-->") == 1
    (caption,) = webvtt.from_string(text)
    assert json.loads(caption.raw_text)["emotion"] == hostile


@pytest.mark.parametrize(
    ("seconds", "clock"),
    [
        (0.0004, "00:00:00.000"),
        (59.9996, "00:01:00.000"),
        (359999.999, "99:59:59.999"),
        (1e6, "277:46:40.000"),
    ],
)
def test_times_are_carried_over(seconds, clock):
    from streamfer.export.webvtt import captions

    text = captions({}, of("a", make_episodes(1), start_s=[0], end_s=[seconds]))
    assert f"00:00:00.000 --> {clock}\n" in text
