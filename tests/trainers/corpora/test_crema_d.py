import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError
from tests.trainers.corpora.trees import POINTER, plant
from trainers.corpora import crema_d, files
from trainers.corpora.samples import Omission
from trainers.corpora.votes import too_few

HEADER = '"","A","D","F","H","N","S","fileName","numResponses","agreement","emoVote"\n'
TABLE = HEADER + (
    '"100004",2,0,0,6,2,0,"1001_IEO_HAP_HI",10,0.6,"H"\n'  # the voice alone
    '"200004",1,0,0,7,2,0,"1001_IEO_HAP_HI",10,0.7,"H"\n'
    '"300004",0,0,0,1,9,0,"1001_IEO_HAP_HI",10,0.9,"N"\n'  # both
    '"203406",2,1,2,1,2,2,"1042_DFA_FEA_XX",10,0.2,"A:F:N:S"\n'
    '"203439",0,6,0,0,0,4,"1043_IEO_DIS_LO",10,0.6,"D"\n'
    '"203404",2,0,0,0,8,0,"1042_DFA_SAD_XX",10,0.8,"N"\n'
)
VIDEOS = [
    "VideoFlash/1001_IEO_HAP_HI.flv",
    "VideoFlash/1042_DFA_FEA_XX.flv",
    "VideoFlash/1042_DFA_SAD_XX.flv",
    "VideoFlash/1043_IEO_DIS_LO.flv",
]


def table(text=TABLE):
    return {"processedResults/tabulatedVotes.csv": text}


def test_confidence_is_the_share_of_the_faces_raters_who_chose_the_intended_emotion(tmp_path):
    reading = crema_d.read(plant(tmp_path, VIDEOS, table()))
    assert [(clip.name, EMOTIONS[clip.label], clip.confidence) for clip in reading.samples] == [
        ("1001_IEO_HAP_HI", "happiness", 0.7),
        ("1043_IEO_DIS_LO", "disgust", 0.6),
    ]
    assert reading.samples[0].participant == "1001"
    # four fifths of the raters agree on the sad one, but that it is neutral
    assert reading.reasons() == {too_few(0.6): 2}


def test_agreement_is_a_setting(tmp_path):
    root = plant(tmp_path, VIDEOS, table())
    assert [clip.name for clip in crema_d.read(root, 0.65).samples] == ["1001_IEO_HAP_HI"]
    assert len(crema_d.read(root, 0.0).samples) == 4


def test_the_votes_of_other_raters_can_be_counted(tmp_path):
    root = plant(tmp_path, VIDEOS[:1], table())
    (voice,) = crema_d.read(root, raters="voice").samples
    assert voice.confidence == 0.6
    assert crema_d.read(root, raters="both").samples == ()


def test_what_is_not_taken_is_counted(tmp_path):
    names = [VIDEOS[0], "again/1001_IEO_HAP_HI.mp4", "VideoFlash/1001_DFA_ANG_XX.flv"]
    texts = {"VideoFlash/1043_IEO_DIS_LO.flv": POINTER, "VideoFlash/1001_DFA_JOY_XX.flv": ""}
    reading = crema_d.read(plant(tmp_path, names, table() | texts))
    assert [clip.name for clip in reading.samples] == ["1001_IEO_HAP_HI"]
    assert reading.reasons() == {
        files.MISSING: 3,
        files.TWICE: 1,
        files.POINTER: 1,
        files.UNKNOWN_LABEL: 1,
        crema_d.NO_VOTES: 1,
    }


@pytest.mark.parametrize(
    "texts",
    [
        {},
        table("fileName,VoiceVote\n1001_IEO_HAP_HI,H\n"),
    ],
)
def test_without_the_table_of_votes_it_says_so(tmp_path, texts):
    with pytest.raises(InputError, match=r"tabulatedVotes\.csv"):
        crema_d.read(plant(tmp_path, VIDEOS, texts))


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ('"203404",2,0,0,0,8,0,"1042_DFA_SAD_XX",many,0.8,"N"', "1042_DFA_SAD_XX"),
        ('"203404",2,0,0,0,8,-1,"1042_DFA_SAD_XX",10,0.8,"N"', "1042_DFA_SAD_XX"),
        ('"203404",2,0,0,0,8,11,"1042_DFA_SAD_XX",10,0.8,"N"', "1042_DFA_SAD_XX"),
        ('"203404",2,0,0', "line 8"),
    ],
)
def test_a_bad_row_costs_its_video_alone(tmp_path, row, left):
    reading = crema_d.read(plant(tmp_path, VIDEOS[:1], table(TABLE + row + "\n")))
    assert [clip.name for clip in reading.samples] == ["1001_IEO_HAP_HI"]
    assert Omission(files.NO_NUMBER, left) in reading.omitted
