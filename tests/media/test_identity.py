import hashlib

import numpy as np
import pytest

from streamfer.media.identity import content_id

BLOCK = 64 * 1024


def written(path, data):
    path.write_bytes(data)
    return str(path)


def test_copies_share_it_and_names_do_not_matter(tmp_path):
    data = np.random.default_rng(0).bytes(3_000_000)
    one = content_id(written(tmp_path / "a.mp4", data))
    assert one == content_id(written(tmp_path / "b.mkv", data))
    assert len(bytes.fromhex(one)) == 32


@pytest.mark.parametrize("size", [0, 1, BLOCK, BLOCK + 1, 18 * BLOCK])
def test_every_byte_of_a_small_file_counts(tmp_path, size):
    data = bytearray(size)
    plain = content_id(written(tmp_path / "a", bytes(data)))
    assert plain != content_id(written(tmp_path / "longer", bytes(size + 1)))
    for place in {0, size // 3, size // 2, size - 1} if size else ():
        data[place] = 1
        assert plain != content_id(written(tmp_path / "b", bytes(data)))
        data[place] = 0


def test_head_tail_and_sixteen_blocks_of_a_large_file_count(tmp_path):
    size = 10_000_000
    data = np.random.default_rng(0).bytes(size)
    digest = hashlib.sha256(size.to_bytes(8, "big"))
    for block in range(18):
        start = (size - BLOCK) * block // 17
        digest.update(data[start : start + BLOCK])
    assert content_id(written(tmp_path / "a", data)) == digest.hexdigest()
