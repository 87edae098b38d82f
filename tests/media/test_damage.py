"""Files that break in the middle: what was decoded before is kept, and the damage is told."""

import numpy as np
import pytest

from streamfer.errors import InputError
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from tests.media.making import GROUPS, make_video, number_of


def read(path):
    info = probe(str(path), Limits())
    reader = SampleReader(info, 5)
    return info, list(reader), reader


def check_first_half(path, whole):
    info, samples, reader = read(path)
    assert info.duration_s == pytest.approx(8.0, abs=0.1)
    assert 2.5 < reader.decoded_until_s < 5.0  # half of the bytes; encoders differ
    assert reader.ended
    numbers = [number_of(sample.picture) for sample in samples]
    assert len(numbers) >= 15
    # The last group may lack a picture that others refer to.
    assert numbers[:14] == [number_of(sample.picture) for sample in whole][:14]


def test_mp4_with_the_index_first_and_cut_in_half(tmp_path):
    path = make_video(
        tmp_path / "a.mp4", options=GROUPS, container_options={"movflags": "faststart"}
    )
    _, whole, _ = read(path)
    (tmp_path / "b.mp4").write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    check_first_half(tmp_path / "b.mp4", whole)


def test_matroska_cut_in_half(tmp_path):
    path = make_video(tmp_path / "a.mkv", options=GROUPS)
    _, whole, _ = read(path)
    (tmp_path / "b.mkv").write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    check_first_half(tmp_path / "b.mkv", whole)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mkv", "libx264"),
        ("a.ts", "libx264"),
        ("a.avi", "mpeg4"),
        ("a.webm", "libvpx-vp9"),
        ("b.mkv", "libsvtav1"),
    ],
)
def test_flipped_bytes_are_passed_over(tmp_path, name, codec, seed, capfd):
    options = {"libsvtav1": {"preset": "12"}, "libvpx-vp9": {"cpu-used": "8"}}.get(codec, GROUPS)
    path = make_video(tmp_path / name, codec, options, times=range(100))
    capfd.readouterr()
    data = bytearray(path.read_bytes())
    random = np.random.default_rng(seed)
    end = data.find(b"moov") if name.endswith("mp4") else len(data)
    for place in random.integers(min(1000, end // 4), end, 40):
        data[place] ^= int(random.integers(1, 255))
    path.write_bytes(data)
    try:
        _, samples, reader = read(path)
    except InputError:
        samples = None  # So much may be gone that it does not open, which is told as well.
    else:
        ticks = [sample.tick for sample in samples]
        assert ticks == sorted(set(ticks))
        assert reader.ended
        assert reader.decode_errors > 0 or len(ticks) < 21 or name in ("a.webm", "a.ts")
        again = SampleReader(probe(str(path), Limits()), 5)
        for sample, other in zip(samples, again, strict=True):
            assert sample.tick == other.tick
            assert np.array_equal(sample.picture, other.picture)
        assert again.decode_errors == reader.decode_errors
    assert capfd.readouterr() == ("", "")


def test_stream_that_appears_in_mid_file(tmp_path):
    """A TS whose second half has one stream more than its first."""
    plain = make_video(tmp_path / "a.ts", options=GROUPS, times=range(100))
    mixed = make_video(tmp_path / "b.ts", options=GROUPS, times=range(100, 200), sound_from=4.0)
    both = tmp_path / "both.ts"
    both.write_bytes(plain.read_bytes() * 30 + mixed.read_bytes())
    _, samples, reader = read(both)
    assert [number_of(sample.picture) for sample in samples][:20] == list(range(0, 100, 5))
    assert reader.ended
