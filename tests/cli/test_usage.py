"""What a person gets wrong is told in a sentence, before any work; exit code 2."""

import json
import re
from importlib.metadata import distributions, version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streamfer.store.output import OutputTables
from streamfer.store.work import WorkFolder
from tests.cli.conftest import Say
from tests.cli.terminal import portrait


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--device gpu", "device is 'gpu'; choose auto, cpu or cuda."),
        ("--pools maybe", "pools is 'maybe'; choose auto, on or off."),
        ("--temporal lstm", "There is no temporal method 'lstm'"),
        ("--gaps fill", "gaps is 'fill'; choose mask, hold or repeat."),
        ("--profile fast", "profile is 'fast'; choose paper or released."),
        ("--detector nobody", "There is no detector 'nobody'"),
        ("--backbone nobody", "There is no backbone 'nobody'"),
        ("--segment-s 0", "segment_s is 0.0; it must lie between 1 and 3600."),
        ("--workers -1", "workers is -1; it cannot be negative."),
        ("--min-score 3", "min_score is 3.0; it must lie between"),
        ("--config nowhere.toml", "The settings file nowhere.toml cannot be read"),
    ],
)
def test_a_wrong_setting_is_told_before_any_input_is_looked_at(
    command: Say, tmp_path: Path, flags: str, words: str
):
    out = tmp_path / "t.parquet"
    said = command("run", tmp_path / "missing.mp4", "--out", out, *flags.split())
    assert said.code == 2
    assert said.stderr.startswith("Error: ")
    assert words in said.stderr
    assert "missing.mp4" not in said.stderr
    assert len(said.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            "--backbone emo-affectnet",
            "not on this machine: run `streamfer models fetch emo-affectnet`",
        ),
        ("--backbone emo-affectnet --weights gone.pt", r"gone\.pt"),
        ("--backbone emo-affectnet --weights other.pt", r"not the published ones: \S*other\.pt"),
        ("--backbone other.pt", r"other\.pt is not a backbone: it is damaged"),
        ("--backbone other.pt --weights other.pt", "name the file itself as the backbone"),
    ],
)
def test_weights_that_are_not_the_papers_are_told_before_any_input_is_looked_at(
    command: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str, words: str
):
    monkeypatch.setenv("STREAMFER_WEIGHTS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.pt").write_bytes(b"PK")
    said = command("run", "missing.mp4", "--out", "t.parquet", *flags.split())
    assert said.code == 2
    assert re.search(words, said.stderr)
    assert "missing.mp4" not in said.stderr
    assert len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[analysis]\nframerate = 3\n", "an unknown setting 'framerate'"),
        ("[anlysis]\nfps = 3\n", "an unknown part 'anlysis'"),
        ("[analysis]\nfps = 'five'\n", "fps in .* is 'five'; it must be of type int"),
        ("[analysis\n", "is not valid TOML"),
    ],
)
def test_a_wrong_settings_file_is_told(command: Say, tmp_path: Path, text: str, words: str):
    (tmp_path / "s.toml").write_text(text)
    said = command("run", ".", "--out", tmp_path / "t.parquet", "--config", tmp_path / "s.toml")
    assert said.code == 2
    assert re.search(words, said.stderr)


def test_the_settings_file_lies_on_top_of_the_profile(command: Say, tmp_path: Path):
    settings = tmp_path / "s.toml"
    settings.write_text("[analysis]\nsmoothing = 'window'\n")
    run = ("run", tmp_path, "--out", tmp_path / "t.parquet", "--config", settings)
    said = command(*run, "--profile", "paper")
    assert said.code == 2
    assert "smoothing_edge is 'track', but smoothing is 'window'" in said.stderr


def test_flags_lie_on_top_of_the_settings_file(command: Say, tmp_path: Path):
    video = portrait(tmp_path / "a.mp4", 4)
    settings = tmp_path / "s.toml"
    settings.write_text("[analysis]\nsegment_s = 1\nfps = 10\n[execution]\nworkers = 1\n")
    listed = ("run", video, "--out", tmp_path / "t.parquet", "--config", settings, "--dry-run")
    assert "\t4 segments\n" in command(*listed).stdout
    assert "\t2 segments\n" in command(*listed, "--segment-s", "2").stdout


def test_a_dry_run_lists_and_writes_nothing(command: Say, tmp_path: Path):
    portrait(tmp_path / "a.mp4", 4)
    (tmp_path / "b.mp4").write_text("Not a video.")
    (tmp_path / "c.txt").write_text("Not a video.")
    before = sorted(tmp_path.iterdir())
    said = command("run", tmp_path, "--out", tmp_path / "new" / "t.parquet", "--dry-run")
    assert said.code == 0
    assert said.stdout.splitlines() == [
        "a.mp4\t4 s\t320×320\th264\t1 segment",
        "b.mp4\tcannot be used: This is not a video: FFmpeg recognises no container in it.",
    ]
    assert "1 video, 4 s of media" in said.stderr
    assert "1 cannot be used, 1 other file ignored." in said.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_a_dry_run_tells_the_same_as_json(command: Say, tmp_path: Path):
    """What an earlier run left among the inputs is no other file."""
    out = tmp_path / "t.parquet"
    portrait(tmp_path / "a.mp4", 4)
    (tmp_path / "b.mp4").write_text("Not a video.")
    (tmp_path / "c.txt").write_text("Not a video.")
    with OutputTables(out, {}, ["timelines", "videos", "embeddings"]), WorkFolder(out).open("f0"):
        pass
    said = command("run", tmp_path, "--out", out, "--dry-run", "--json")
    assert said.code == 0
    assert said.stderr == ""
    listed = json.loads(said.stdout)
    (video,) = listed.pop("videos")
    assert len(video.pop("video_id")) == 64
    assert video == {
        "video": "a.mp4",
        "duration_s": 4.0,
        "width": 320,
        "height": 320,
        "codec": "h264",
        "segments": 1,
    }
    assert listed == {
        "out": str(out),
        "media_s": 4.0,
        "others": 1,
        "failed": [
            {
                "video": "b.mp4",
                "reason": "This is not a video: FFmpeg recognises no container in it.",
            }
        ],
    }


def test_inputs_without_any_video_are_refused(command: Say, tmp_path: Path):
    out = tmp_path / "out" / "t.parquet"
    missing = tmp_path / "missing.mp4"
    said = command("run", missing, "--out", out)
    assert said.code == 2
    assert said.stderr == (
        f"Error: There is no video to analyse. {missing}: There is no such file or folder.\n"
    )
    folder = tmp_path / "folder"
    folder.mkdir()
    said = command("run", folder, "--out", out)
    assert (said.code, said.stderr) == (2, "Error: There is no video to analyse.\n")
    (folder / "notes.txt").touch()
    (folder / "picture.png").touch()
    said = command("run", folder, "--out", out)
    assert (said.code, said.stderr) == (
        2,
        "Error: There is no video to analyse. By their names, the files found (2) are no videos; "
        "one that is named itself is tried all the same.\n",
    )
    assert not out.parent.exists()


def test_an_output_that_cannot_be_is_refused_before_any_work(command: Say, tmp_path: Path):
    video = portrait(tmp_path / "a.mp4", 1)
    (tmp_path / "file").touch()
    for out, code, words in (
        (tmp_path / "t.csv", 2, "must end in .parquet"),
        (tmp_path, 2, "must end in .parquet"),
        (tmp_path / "file" / "t.parquet", 1, "file is not a folder"),
    ):
        said = command("run", video, "--out", out)
        assert said.code == code
        assert words in said.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "file"]


def test_a_foreign_file_at_the_output_is_left_alone(command: Say, tmp_path: Path):
    video = portrait(tmp_path / "a.mp4", 1)
    pq.write_table(pa.table({"sales": [3]}), tmp_path / "table.parquet")
    (tmp_path / "letter.parquet").write_text("Dear all")
    for path in (tmp_path / "table.parquet", tmp_path / "letter.parquet"):
        before = path.read_bytes()
        said = command("run", video, "--out", path)
        assert said.code == 2
        assert "exists and holds no timelines" in said.stderr
        assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.work"))


def test_a_folder_in_which_ray_cannot_start_is_told(
    command: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    long = tmp_path / ("long" * 25)  # longer than the name of a socket may be
    long.mkdir()
    monkeypatch.setenv("RAY_TMPDIR", str(long))
    said = command("run", portrait(tmp_path / "a.mp4", 1), "--out", tmp_path / "t.parquet")
    assert said.code == 2
    assert "\nError: Ray cannot start: " in said.stderr
    assert "RAY_TMPDIR" in said.stderr


def test_unknown_options_and_missing_ones_are_usage(command: Say, tmp_path: Path):
    assert command("run", tmp_path).code == 2
    assert "--nonsense" in command("run", tmp_path, "--nonsense").stderr
    assert command("rum").code == 2


def test_help_shows_the_sections_and_defaults(command: Say):
    said = command("run", "--help")
    assert said.code == 0
    sections = ("What is computed", "How it is computed", "Exit codes", "[default: 640]")
    for words in (*sections, "--fresh", "--retry-failed"):
        assert words in said.stdout
    assert "[analysis]" in said.stdout
    assert all(name in command("--help").stdout for name in ("run", "demo", "validate", "clean"))


@pytest.mark.skipif(not any(distributions(name="streamfer")), reason="streamfer is not installed")
def test_version(command: Say):
    assert command("--version").stdout == f"streamfer {version('streamfer')}\n"
