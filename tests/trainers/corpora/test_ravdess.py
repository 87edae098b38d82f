from collections import defaultdict

from streamfer.emotion.labels import EMOTIONS
from tests.trainers.corpora.trees import POINTER, plant
from trainers.corpora import files, ravdess
from trainers.corpora.catalogue import CATALOGUE, read


def test_names_alone_give_table_3(whole_ravdess):
    assert len(ravdess.whole()) == 4904  # Table 1
    reading = read("RAVDESS", whole_ravdess)
    assert reading.counts() == (376, 752, 752, 384, 752, 384, 752)
    assert reading.counts() == CATALOGUE["RAVDESS"].printed[""]
    assert reading.reasons() == {files.NOT_OF_THE_SEVEN: 752}  # calm
    assert len({clip.participant for clip in reading.samples}) == 24
    assert ravdess.missing(reading) == []


def test_both_versions_of_a_take_share_it(whole_ravdess):
    takes = defaultdict(list)
    for clip in ravdess.read(whole_ravdess).samples:
        takes[clip.take].append(clip)
    for versions in takes.values():
        assert [clip.name[:2] for clip in versions] == ["01", "02"]
        assert len({(clip.participant, clip.label) for clip in versions}) == 1


def test_a_name_is_decoded(tmp_path):
    (clip,) = ravdess.read(plant(tmp_path, ["Actor_12/02-01-06-01-02-01-12.mp4"])).samples
    assert (EMOTIONS[clip.label], clip.participant) == ("fear", "Actor_12")
    assert (clip.name, clip.take) == ("02-01-06-01-02-01-12", "01-06-01-02-01-12")
    assert clip.video == tmp_path / "Actor_12/02-01-06-01-02-01-12.mp4"


def test_what_is_not_taken_is_counted(tmp_path):
    root = plant(
        tmp_path,
        [
            "Actor_01/01-01-03-01-01-01-01.mp4",
            "copy/Actor_01/01-01-03-01-01-01-01.mp4",
            "Actor_01/01-01-09-01-01-01-01.mp4",
            "Actor_01/03-01-03-01-01-01-01.mp4",  # modality 03 has no pictures
            "Actor_01/._01-01-03-01-02-01-01.mp4",
            "Actor_01/03-01-03-01-01-01-01.wav",
        ],
        {"Actor_01/01-01-04-01-01-01-01.mp4": POINTER},
    )
    reading = ravdess.read(root)
    assert [clip.name for clip in reading.samples] == ["01-01-03-01-01-01-01"]
    assert reading.reasons() == {
        files.TWICE: 1,
        files.UNKNOWN_LABEL: 1,
        files.UNKNOWN_NAME: 1,
        files.POINTER: 1,
    }


def test_incomplete_archives_are_named(tmp_path):
    first = [name for name in ravdess.whole() if name.endswith("-01")]
    reading = ravdess.read(plant(tmp_path, (f"{name}.mp4" for name in first[1:])))
    lacking = ravdess.missing(reading)
    assert len(lacking) == 46  # 47 archives less the one whose songs are all there
    assert lacking[0] == "Video_Song_Actor_02.zip: 0 of 88 videos are there"
    assert "Video_Speech_Actor_01.zip: 119 of 120 videos are there" in lacking
