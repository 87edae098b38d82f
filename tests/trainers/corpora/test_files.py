from tests.trainers.corpora.trees import plant
from trainers.corpora import files, ravdess
from trainers.corpora.samples import Omission

VIDEO = "01-01-03-01-01-01-01.mp4"


def test_a_folder_that_holds_itself_is_searched_once(tmp_path):
    plant(tmp_path, [f"Actor_01/{VIDEO}"])
    (tmp_path / "Actor_01" / "again").symlink_to(tmp_path, target_is_directory=True)
    assert list(files.below(tmp_path, {".mp4"})) == [tmp_path / "Actor_01" / VIDEO]


def test_a_folder_elsewhere_may_be_linked_to(tmp_path):
    plant(tmp_path, [f"disk/{VIDEO}", "corpus/readme"])
    (tmp_path / "corpus" / "Actor_01").symlink_to(tmp_path / "disk", target_is_directory=True)
    (clip,) = ravdess.read(tmp_path / "corpus").samples
    assert clip.video == (tmp_path / "disk" / VIDEO).resolve()


def test_a_link_to_nothing_is_counted(tmp_path):
    (tmp_path / VIDEO).symlink_to("absent.mp4")
    assert ravdess.read(tmp_path).omitted == (Omission(files.DEAD_LINK, VIDEO),)
