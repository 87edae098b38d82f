import pytest

from streamfer.errors import InputError, UsageError
from tests.trainers.corpora.trees import plant
from trainers.corpora.catalogue import CATALOGUE, found, known, read

PAPER = ["RAMAS", "IEMOCAP", "CREMA-D", "RAVDESS", "SAVEE", "AffWild2", "FER2013", "AffectNet"]
ROW = "video,label,participant\na.mp4,fear,ann\n"


def test_the_papers_corpora_are_there_with_their_printed_counts():
    assert list(CATALOGUE)[:8] == PAPER
    assert [CATALOGUE[name].kind for name in PAPER] == ["clips"] * 6 + ["stills"] * 2
    columns = [0] * 7
    for corpus in CATALOGUE.values():
        for counts in corpus.printed.values():
            columns = [total + (n or 0) for total, n in zip(columns, counts, strict=True)]
    # Table 3's totals; it prints 183985 for sadness and 33364 for fear
    assert columns == [856593, 351034, 173985, 80849, 33362, 24613, 64450]


def test_corpora_are_found_by_the_names_of_their_folders(tmp_path):
    plant(
        tmp_path,
        [
            "ravdess/x",
            "CremaD/x",
            "aff-wild2/x",
            "FER2013.zip",
            "press_faces.zip",
            "savee.zip",
            "notes/x",
            "affectnet.txt",
        ],
        {"mine/clips.csv": ROW, "faces/stills.csv": "picture,label\n", "clips.csv": ROW},
    )
    assert found(tmp_path) == {
        "AffWild2": tmp_path / "aff-wild2",
        "CREMA-D": tmp_path / "CremaD",
        "FER2013": tmp_path / "FER2013.zip",
        "RAVDESS": tmp_path / "ravdess",
        "faces": tmp_path / "faces",
        "mine": tmp_path / "mine",
        "press": tmp_path / "press_faces.zip",
    }


def test_a_corpus_given_twice_is_refused(tmp_path):
    plant(tmp_path, ["ravdess/x", "RAVDESS/x"])
    with pytest.raises(UsageError, match=r"RAVDESS is given twice: .*RAVDESS and .*ravdess"):
        found(tmp_path)


def test_no_folder_of_corpora(tmp_path):
    with pytest.raises(UsageError, match="absent is not a folder"):
        found(tmp_path / "absent")


def test_another_name_is_a_generic_corpus(tmp_path):
    root = plant(tmp_path, ["a.mp4"], {"clips.csv": ROW})
    assert read("mine", root).counts() == (0, 0, 0, 0, 1, 0, 0)
    assert read("mine", root).corpus == "mine"
    with pytest.raises(UsageError, match=r"yours is none of RAMAS, .* holds no clips\.csv"):
        read("yours", tmp_path / "absent")


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_wrong_folder_is_told_what_is_needed_and_who_gives_it(tmp_path, name):
    plant(tmp_path, ["holiday/beach.mp4", "holiday/beach.jpg"])
    for root in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError) as raised:
            read(name, root)
        said = str(raised.value)
        assert str(root) in said
        assert CATALOGUE[name].layout in said
        assert CATALOGUE[name].source in said


def test_a_folder_with_nothing_usable_says_why(tmp_path):
    with pytest.raises(InputError, match=r"no usable sample of RAVDESS \(1 × the label is not"):
        read("RAVDESS", plant(tmp_path, ["01-01-02-01-01-01-01.mp4"]))


def test_a_name_is_known_in_any_case(tmp_path):
    names = ["Actor_01/01-01-03-01-01-01-01.mp4"]
    assert read("ravdess", plant(tmp_path, names)).corpus == "RAVDESS"
    assert known("crema_d") is CATALOGUE["CREMA-D"]
    assert known("mine") is None
    assert known("__") is None


def test_agreement_reaches_the_corpora_with_raters(tmp_path):
    rows = "video,label,participant,confidence\na.mp4,fear,ann,0.5\nb.mp4,fear,ann,0.9\n"
    root = plant(tmp_path, ["a.mp4", "b.mp4"], {"clips.csv": rows})
    assert [len(read("mine", root, agreement).samples) for agreement in (0.4, 0.6)] == [2, 1]


def test_raters_reach_the_corpora_that_tell_them_apart(tmp_path):
    votes = '"","H","fileName","numResponses"\n"100001",9,"1001_IEO_HAP_HI",10\n'
    votes += '"200001",7,"1001_IEO_HAP_HI",10\n"300001",8,"1001_IEO_HAP_HI",10\n'
    root = plant(tmp_path, ["1001_IEO_HAP_HI.flv"], {"tabulatedVotes.csv": votes})
    shares = [read("CREMA-D", root, raters=raters).samples for raters in ("voice", "face", "both")]
    assert [clip.confidence for (clip,) in shares] == [0.9, 0.7, 0.8]
    assert read("CREMA-D", root) == read("CREMA-D", root, raters="face")
    names = ["Actor_01/01-01-03-01-01-01-01.mp4"]
    assert len(read("RAVDESS", plant(tmp_path, names), raters="voice").samples) == 1
