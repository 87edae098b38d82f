import os

import pytest

from streamfer.errors import UsageError
from streamfer.media.discover import discover


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, and a way to put files in it."""
    monkeypatch.chdir(tmp_path)

    def put(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")

    put.path = tmp_path
    return put


def keys(*inputs):
    return [source.key for source in discover(inputs).videos]


def test_folder_is_searched_recursively_and_other_files_are_counted(folder):
    folder("v/b.MP4", "v/a.mkv", "v/deep/er/c.webm", "v/notes.txt", "v/deep/cover.jpg", "w/d.mp4")
    found = discover(["v"])
    assert [source.key for source in found.videos] == ["a.mkv", "b.MP4", "deep/er/c.webm"]
    assert found.others == 2
    assert found.problems == []
    assert not any(source.explicit for source in found.videos)
    assert all(os.path.isabs(source.path) for source in found.videos)  # noqa: PTH117


def test_named_file_is_taken_whatever_its_name(folder):
    folder("v/film.dat")
    found = discover(["v/film.dat"])
    assert [(source.key, source.explicit) for source in found.videos] == [("film.dat", True)]


def test_keys_are_relative_to_the_common_parent(folder):
    folder("v/one/a.mp4", "v/two/a.mp4", "v/two/b.mp4")
    assert keys("v/one", "v/two") == ["one/a.mp4", "two/a.mp4", "two/b.mp4"]
    assert keys("v/one/a.mp4", "v/two/b.mp4") == ["one/a.mp4", "two/b.mp4"]
    assert keys(str(folder.path / "v" / "one"), "v") == ["one/a.mp4", "two/a.mp4", "two/b.mp4"]


def test_pattern(folder):
    folder("v/a.mp4", "v/b.mp4", "v/b.txt", "v/deep/c.mp4")
    assert keys("v/*.mp4") == ["a.mp4", "b.mp4"]
    assert keys("v/**/*.mp4") == ["a.mp4", "b.mp4", "deep/c.mp4"]
    assert discover(["v/b.*"]).others == 1
    # The key does not depend on what else matches.
    assert keys("v/**/c*.mp4") == ["deep/c.mp4"]


def test_name_with_the_signs_of_a_pattern_is_a_name_where_it_exists(folder):
    folder("a[1].mp4", "a1.mp4")
    assert keys("a[1].mp4") == ["a[1].mp4"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\0"])
def test_list(folder, end):
    folder("v/a.mp4", "v/b.dat", "w/c.mp4", "w/c.txt")
    text = end.join(["v/a.mp4", "", "v/b.dat", "w", ""])
    (folder.path / "list.txt").write_bytes(text.encode())
    found = discover(["@list.txt"])
    assert [source.key for source in found.videos] == ["v/a.mp4", "v/b.dat", "w/c.mp4"]
    assert found.others == 1


def test_same_file_twice_is_taken_once(folder):
    folder("v/a.mp4")
    (folder.path / "v" / "link.mp4").symlink_to("a.mp4")
    assert keys("v", "v/a.mp4", "v/../v/a.mp4", "v/*.mp4") == ["a.mp4"]
    assert discover(["v", "v/a.mp4"]).videos[0].explicit


def test_loop_of_links_ends(folder):
    folder("v/deep/a.mp4")
    (folder.path / "v" / "deep" / "up").symlink_to(folder.path / "v")
    (folder.path / "v" / "self.mp4").symlink_to("self.mp4")
    found = discover(["v"])
    assert sorted(source.key for source in found.videos) == ["deep/a.mp4", "self.mp4"]


def test_linked_folder_is_searched(folder):
    folder("elsewhere/a.mp4")
    (folder.path / "v").mkdir()
    (folder.path / "v" / "link").symlink_to(folder.path / "elsewhere")
    assert keys("v") == ["link/a.mp4"]


@pytest.mark.parametrize(
    "name",
    ["with space.mp4", "qu'o\"te.mp4", "new\nline.mp4", "видео-映像.mp4", "100%.mp4", "-dash.mp4"],
)
def test_any_name_is_its_own_key_and_opens(folder, name):
    folder(f"v/{name}")
    (source,) = discover(["v"]).videos
    assert source.key == name
    with open(source.path, "rb") as file:  # noqa: PTH123
        assert file.read() == b"x"


def test_bytes_that_are_not_utf8(folder):
    folder("v/a%FF.mp4")
    with open(os.path.join(os.fsencode(folder.path), b"v", b"a\xff.mp4"), "wb") as file:  # noqa: PTH118, PTH123
        file.write(b"other")
    found = {source.key: source.path for source in discover(["v"]).videos}
    assert set(found) == {"a%FF.mp4", "a%FF.mp4#2"}
    assert all(key.encode("utf-8") for key in found)
    contents = set()
    for path in found.values():
        with open(path, "rb") as file:  # noqa: PTH123
            contents.add(file.read())
    assert contents == {b"x", b"other"}


def test_what_is_missing_is_a_problem_beside_what_is_there(folder):
    folder("a.mp4")
    found = discover(["a.mp4", "gone.mp4", "*.mkv", "@gone.txt"])
    assert [source.key for source in found.videos] == ["a.mp4"]
    assert [key for key, _ in found.problems] == ["gone.mp4", "*.mkv", "@gone.txt"]
    assert all(reason.endswith(".") for _, reason in found.problems)


def test_nothing_at_all(folder):
    folder("v/notes.txt")
    with pytest.raises(UsageError, match="no video"):
        discover(["v"])
    with pytest.raises(UsageError, match=r"gone\.mp4: There is no such file"):
        discover(["gone.mp4"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_folder_that_may_not_be_read(folder):
    folder("v/a.mp4", "v/closed/b.mp4")
    (folder.path / "v" / "closed").chmod(0)
    found = discover(["v"])
    assert [source.key for source in found.videos] == ["a.mp4"]
    assert len(found.problems) == 1
