"""Names are told apart into paths and URIs."""

from pathlib import Path

import pytest

from streamfer.errors import UsageError
from streamfer.places import is_uri, place


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
