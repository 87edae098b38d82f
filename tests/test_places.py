"""Names are told apart into paths and URIs."""

from pathlib import Path

import pytest

from streamfer.errors import UsageError
from streamfer.places import is_uri, place, public, scheme


def test_a_path_is_a_path_whatever_characters_are_in_it() -> None:
    for name in ("a.mp4", "/tmp/c:d/e.mp4", "s3:/bucket/key", "%20://", "dir/s3://x"):
        assert not is_uri(name)
        assert place(name) == Path(name)


def test_file_uris_are_local_paths() -> None:
    assert place("file:///tmp/a b.mp4") == Path("/tmp/a b.mp4")


def test_a_uri_keeps_its_scheme_and_gives_its_neighbours() -> None:
    uri = place("memory://folder/timelines.parquet")
    assert str(uri.with_name("x.videos.parquet")).startswith("memory://")
    assert is_uri(str(uri))


@pytest.mark.parametrize("name", ["nothing://a/b", "gs://bucket/key"])
def test_a_uri_that_nothing_here_opens_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be opened: .+\.$"):
        place(name)


def test_a_scheme_may_be_written_in_capitals() -> None:
    assert scheme("MEMORY://x/a.mp4") == "memory"
    assert str(place("MEMORY://x/a.mp4")) == str(place("memory://x/a.mp4"))
    assert scheme("x/a.mp4") == ""


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("s3://bucket/a?b#c@d.mp4", "s3://bucket/a?b#c@d.mp4"),
        ("https://host/v/a.mp4?X-Amz-Signature=secret#t", "https://host/v/a.mp4"),
        ("https://user:secret@host/a@b.mp4", "https://host/a@b.mp4"),
        ("https://secret@host:8080/a.mp4", "https://host:8080/a.mp4"),
        ("https://user:sec?ret@host/a.mp4", "https://host/a.mp4"),
        ("sftp://user:sec@ret@host/a.mp4", "sftp://host/a.mp4"),
        ("sftp://user@host/a.mp4", "sftp://user@host/a.mp4"),
        ("abfs://videos@account.dfs.core.windows.net/a.mp4",) * 2,
        ("/v/https://user:password@host/a?b.mp4",) * 2,
    ],
)
def test_what_is_shown_of_a_name_opens_nothing(name: str, shown: str) -> None:
    assert public(name) == shown
