"""One video in this process: right on video whose truth is known, however it is cut."""

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

import streamfer
from streamfer.config import Analysis
from streamfer.media.decode import SampleReader
from streamfer.media.encode import VideoWriter
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from streamfer.pipeline.assemble import assemble
from streamfer.pipeline.models import LocalModels
from streamfer.pipeline.plan import plan_video
from streamfer.pipeline.segment import analyse_segment
from tests.conftest import Demo
from tests.media.making import an_hour_late
from tests.tables import all_tables, assert_same_rows

PROBABILITIES = [f"p_{emotion}" for emotion in streamfer.EMOTIONS]


@pytest.fixture(scope="module")
def whole(demo: Demo) -> dict[str, pa.Table]:
    """The demo's tables, from one segment."""
    return all_tables(demo.path, Analysis(segment_s=60, frames=True))


@pytest.fixture(scope="module")
def in_segments(demo: Demo) -> dict[str, pa.Table]:
    """The same from three. The cut, at 18 s, and the hidden second lie inside margins."""
    return all_tables(demo.path, Analysis(segment_s=10, frames=True, embeddings=True))


@pytest.fixture(scope="module")
def timeline(whole: dict[str, pa.Table]) -> pa.Table:
    return whole["timelines"]


def test_every_person_of_the_demo_is_a_track_and_every_track_a_person(
    demo: Demo, timeline: pa.Table
):
    people = demo.truth.visible.any(axis=0).sum()
    assert len(set(timeline["track_id"].to_pylist())) == people


def test_the_cut_ends_every_track(demo: Demo, timeline: pa.Table):
    (cut,) = demo.truth.cuts
    cut_s = cut / 5
    for track in set(timeline["track_id"].to_pylist()):
        rows = timeline.filter(pc.equal(timeline["track_id"], track)).to_pylist()
        before = any(row["window_end_s"] <= cut_s for row in rows)
        after = any(row["window_start_s"] >= cut_s for row in rows)
        assert before != after


def test_faces_are_where_and_when_the_truth_says(demo: Demo, timeline: pa.Table):
    """Each track keeps to one person: windows' counts and mean places follow the truth."""
    size = np.array([640, 360], np.float32)
    corners = demo.truth.boxes.reshape(len(demo.truth.boxes), -1, 2, 2) / size
    widths = np.nanmedian(corners[:, :, 1, 0] - corners[:, :, 0, 0], axis=0)
    visible = demo.truth.visible
    centres = np.where(visible[..., None], corners.mean(axis=2), np.nan)
    for _, track in timeline.to_pandas().groupby("track_id"):
        found = []
        for row in track.itertuples():
            ticks = slice(row.window * 5, row.window * 5 + 10)
            assert row.expected == len(visible[ticks])
            seen = visible[ticks].sum(axis=0)
            truth = np.nansum(centres[ticks], axis=0) / np.maximum(seen, 1)[:, None]
            place = [row.face_x + row.face_w / 2, row.face_y + row.face_h / 2]
            apart = np.linalg.norm(truth - place, axis=1) / widths
            found.append((np.where(seen, apart, np.inf), row.faces - seen))
        apart, surplus = (np.array(values) for values in zip(*found, strict=True))
        person = int(np.median(apart, axis=0).argmin())
        # While a face is half covered, or comes back from behind a pillar, the detector may see
        # it a few ticks more or less than the truth says, and a window's mean place moves.
        assert np.median(apart[:, person]) < 0.1
        assert apart[:, person].max() < 1
        assert abs(surplus[:, person]).max() <= 3
        assert abs(surplus[:, person]).mean() <= 0.5


def test_the_length_of_segments_changes_no_row(whole, in_segments):
    for table in ("timelines", "episodes", "tracks", "frames", "videos"):
        assert whole[table].num_rows
        assert_same_rows(in_segments[table], whole[table])


def test_frames_agree_with_windows(in_segments):
    frames = in_segments["frames"].to_pandas()
    embeddings = in_segments["embeddings"].to_pandas()
    assert frames[["tick", "track_id"]].equals(embeddings[["tick", "track_id"]])
    assert frames["tick"].is_monotonic_increasing
    for row in in_segments["timelines"].to_pylist():
        start = row["window"] * 5
        inside = frames[
            (frames.track_id == row["track_id"]) & frames.tick.between(start, start + 9)
        ]
        assert len(inside) == row["faces"]
        np.testing.assert_allclose(inside["face_x"].mean(), row["face_x"], atol=1e-5)
        np.testing.assert_allclose(
            inside["detection_score"].mean(), row["detection_score"], atol=1e-5
        )


def test_tracks_are_the_means_of_their_faces(in_segments):
    """Over all segments that a track crosses."""
    frames, tracks = in_segments["frames"].to_pandas(), in_segments["tracks"].to_pandas()
    assert set(tracks["track_id"]) == set(in_segments["timelines"]["track_id"].to_pylist())
    for track in tracks.itertuples():
        faces = frames[frames["track_id"] == track.track_id]
        assert track.faces == len(faces)
        assert track.first_s == faces["tick"].min() / 5
        assert track.last_s == faces["tick"].max() / 5
        means = faces[PROBABILITIES].mean()
        np.testing.assert_allclose([getattr(track, name) for name in means.index], means, atol=1e-5)
        assert track.emotion == means.idxmax().removeprefix("p_")
    assert (tracks["last_s"] - tracks["first_s"]).max() > 10


def test_episodes_hold_all_windows_of_their_track(in_segments):
    windows, episodes = in_segments["timelines"].to_pandas(), in_segments["episodes"].to_pandas()
    tracks = in_segments["tracks"].to_pandas().set_index("track_id").loc[windows["track_id"]]
    # An episode lasts no longer than its face is seen.
    windows["moment_s"] = np.clip(
        windows["window_start_s"] + 1,
        tracks["first_s"].to_numpy(),
        tracks["last_s"].to_numpy() + 0.2,
    )
    assert episodes["windows"].sum() == len(windows)
    for episode in episodes.itertuples():
        inside = windows[
            (windows["track_id"] == episode.track_id)
            & windows["moment_s"].between(episode.start_s, episode.end_s)
        ]
        assert len(inside) == episode.windows
        assert episode.coverage == pytest.approx(inside["faces"].sum() / inside["expected"].sum())
        of_emotion = inside[f"p_{episode.emotion}"]
        assert episode.mean_probability == pytest.approx(of_emotion.mean())
        assert episode.peak_probability == of_emotion.max()
        assert inside.loc[of_emotion.idxmax(), "moment_s"] == episode.peak_s


def test_a_missing_middle_keeps_the_rest(demo: Demo):
    analysis = Analysis(segment_s=10)
    models = LocalModels.load(analysis, "cpu")
    video = plan_video("demo.mp4", str(demo.path), analysis, models.context_s, Limits())
    results = {0: analyse_segment(video.segments[0], analysis, models)}
    rows = assemble(video, results.get, analysis, attempts=3, loss="Its worker died.")
    ledger = pa.concat_tables(rows["videos"]).to_pylist()[0]
    assert ledger["status"] == "partial"
    assert "Its worker died." in ledger["reason"]
    assert max(pa.concat_tables(rows["timelines"])["window_start_s"].to_pylist()) == 9.0


def test_a_shift_of_all_streams_changes_no_row(demo: Demo, timeline: pa.Table, tmp_path: Path):
    """The same packets, an hour later on the container's clock."""
    shifted = streamfer.analyse(an_hour_late(demo.path, tmp_path / "late.mkv"))
    assert_same_rows(
        shifted.drop_columns(["video", "video_id"]), timeline.drop_columns(["video", "video_id"])
    )


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_rotated_video_gives_upright_boxes(demo: Demo, tmp_path: Path, turn: int):
    """Pictures stored on their side, under a header that turns them back."""
    info = probe(str(demo.path), Limits())
    stored = tmp_path / "stored.mp4"
    height, width = (360, 640) if turn == 180 else (640, 360)
    # Lossless, so that the turned pictures are the same to the pixel.
    lossless = {"qp": "0", "preset": "ultrafast"}
    with VideoWriter(stored, width, height, Fraction(1, 5), lossless) as writer:
        for sample in SampleReader(info, 5, 0, 15):
            writer.put(np.ascontiguousarray(np.rot90(sample.picture, -turn // 90)), sample.tick)
    turned = tmp_path / "turned.mp4"
    ffmpeg = [get_ffmpeg_exe(), "-loglevel", "error", "-display_rotation", str(turn)]
    subprocess.run([*ffmpeg, "-i", stored, "-c", "copy", turned], check=True)
    assert probe(str(turned), Limits()).rotation % 360 == turn
    rows = streamfer.analyse(turned).to_pandas()
    plain = streamfer.analyse(demo.path).to_pandas()
    first = plain[plain["window"] == 0].set_index("track_id")
    found = rows[rows["window"] == 0].set_index("track_id")
    places = ["face_x", "face_y", "face_w", "face_h"]
    np.testing.assert_allclose(found[places], first[places], atol=0.01)


def test_settings_are_those_of_the_caller(demo: Demo):
    some = streamfer.analyse(demo.path, Analysis(min_track_s=60))
    assert some.num_rows == 0
