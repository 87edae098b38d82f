import pytest
from typer.testing import CliRunner

from streamfer.errors import InputError
from tests.trainers.corpora.trees import plant
from trainers.cli.corpora import app
from trainers.corpora import ravdess
from trainers.corpora.catalogue import CATALOGUE, read
from trainers.corpora.check import report


def said(*words):
    result = CliRunner().invoke(app, [*map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0
    return result.stdout


def numbers(text, name):
    (line,) = (line for line in text.splitlines() if line.startswith(name))
    return line.split()[-8:]


def test_a_whole_corpus_has_the_printed_counts(whole_ravdess):
    text = said("check", "RAVDESS", whole_ravdess)
    assert "RAVDESS: 4,152 clips, 24 participants" in text
    assert numbers(text, "here") == ["376", "752", "752", "384", "752", "384", "752", "4,152"]
    assert numbers(text, "Table 3") == numbers(text, "here")
    assert numbers(text, "difference") == ["+0"] * 8
    assert "the counts are exactly the printed ones" in text
    assert "incomplete" not in text


def test_an_incomplete_download_is_explained(tmp_path):
    spoken = [name for name in ravdess.whole() if name[3:5] == "01" and name.endswith("-02")]
    text = said("check", "RAVDESS", plant(tmp_path, (f"{name}.mp4" for name in spoken)))
    assert numbers(text, "here") == ["8", "16", "16", "16", "16", "16", "16", "104"]
    assert numbers(text, "difference")[:3] == ["-368", "-736", "-736"]
    assert "Video_Song_Actor_01.zip: 0 of 88 videos are there" in text
    assert "and 43 more" in text
    assert CATALOGUE["RAVDESS"].source in text
    assert "4,048 fewer than printed" in text


def test_agreement_can_be_given(tmp_path):
    rows = "video,label,participant,confidence\na.mp4,fear,ann,0.5\nb.mp4,anger,bob,0.9\n"
    root = plant(tmp_path, ["a.mp4", "b.mp4"], {"clips.csv": rows})
    text = said("check", "mine", root)
    assert "mine: 1 clips, 1 participants" in text
    assert "fewer than 60% of the raters agree: 1 (line 2: a.mp4)" in text
    assert "Table 3" not in text
    assert "mine: 2 clips" in said("check", "mine", root, "--agreement", "0.5")


def test_pictures_are_counted_and_the_missing_part_named(tmp_path):
    text = "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise\n0\n0\n0\n1\n"
    root = plant(tmp_path, ["v.mp4"], {"EXPR_Set/Training_Set/v.txt": text})
    page = report(read("AffWild2", root))
    assert "AffWild2: 2 clips of 4 pictures" in page
    assert "the part 'development'" in page
    assert "589,212" in page.replace("-", "")


def test_a_dash_in_table_3_is_a_dash(tmp_path):
    votes = '"","H","fileName","numResponses"\n"200001",9,"1001_IEO_HAP_HI",10\n'
    root = plant(tmp_path, ["1001_IEO_HAP_HI.flv"], {"tabulatedVotes.csv": votes})
    page = report(read("CREMA-D", root))
    assert numbers(page, "Table 3") == ["907", "1,028", "233", "–", "402", "679", "594", "3,843"]
    assert numbers(page, "difference")[1:4] == ["-1,027", "-233", "+0"]


def test_other_ways_to_use_the_votes_are_shown(tmp_path):
    votes = '"","H","fileName","numResponses"\n'
    for given, happy in ((1, 3), (2, 7), (3, 9)):
        votes += f'"{given}00001",{happy},"1001_IEO_HAP_HI",10\n'
    root = plant(tmp_path, ["1001_IEO_HAP_HI.flv"], {"tabulatedVotes.csv": votes})
    text = said("check", "CREMA-D", root)
    assert numbers(text, "here")[1] == "1"
    _, others = text.split("If the votes were used otherwise:")
    assert {
        line.split("%")[0]: line.split()[-1] for line in others.splitlines() if "%" in line
    } == {
        "50": "1",
        "70": "1",
        "80": "0",
        "90": "0",
        "voice 60": "0",
        "both 60": "1",
    }
    text = said("check", "CREMA-D", root, "--raters", "both", "--agreement", "0.9")
    assert numbers(text, "here")[1] == "1"
    assert numbers(text, "face 90%")[1] == "0"
    assert "otherwise" not in said("check", "SAVEE", plant(tmp_path, ["DC/a1.avi"]))


def test_the_list_names_all(tmp_path):
    text = said("list")
    for corpus in CATALOGUE.values():
        assert corpus.source in text
        assert corpus.licence in text


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds nothing of SAVEE"):
        said("check", "SAVEE", tmp_path)
