import math
import os
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from skimage.io import imsave

from streamfer.errors import InputError
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from tests.media.making import GROUPS, add_sound, make_video, numbered


def test_what_the_header_says(tmp_path):
    path = make_video(tmp_path / "a.mp4", times=range(100))
    info = probe(str(path), Limits())
    assert info.path == str(path)
    assert info.size_bytes == path.stat().st_size
    assert "mp4" in info.container
    assert info.codec == "h264"
    assert (info.width, info.height, info.rotation) == (160, 120, 0)
    assert info.frame_rate == 25
    assert (info.start_s, info.duration_s, info.declared) == (0, 4, True)


@pytest.mark.parametrize(
    ("name", "size", "rotation", "duration", "codec"),
    [
        ("torchcodec__nasa_13013_rotated_v1.mp4", (180, 320), 90, 13.0, "h264"),
        ("liveportrait__d9.mp4", (480, 480), 0, 19.57, "h264"),  # 512 x 480, pixels 15:16
        ("torchcodec__av1_video.mkv", (640, 360), 0, 5.0, "av1"),
        ("torchcodec__bt2020_10bit.mp4", (320, 240), 0, 2.0, "hevc"),
        ("face_recognition__short_hamilton_clip.mp4", (640, 360), 0, 10.02, "h264"),
    ],
)
def test_real_clips(clips, name, size, rotation, duration, codec):
    info = probe(str(clips / name), Limits())
    assert (info.width, info.height) == size
    assert (info.rotation, info.codec) == (rotation, codec)
    assert info.duration_s == pytest.approx(duration, abs=0.01)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("live.webm", "libvpx", {"live": "1"}),
        ("fragments.mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
        ("bare.h264", "libx264", {}),
    ],
)
def test_length_of_files_that_declare_none(tmp_path, name, codec, options):
    path = make_video(
        tmp_path / name, codec, GROUPS if codec == "libx264" else None, container_options=options
    )
    assert probe(str(path), Limits()).duration_s == pytest.approx(8.0, abs=0.1)


def test_length_is_the_video_s_where_the_sound_is_longer(tmp_path):
    for suffix in ("mp4", "mkv"):
        path = tmp_path / f"long-sound.{suffix}"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height = 160, 120
            add_sound(container, 0, 6)
            for number in range(50):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(number))))
            container.mux(stream.encode(None))
        assert probe(str(path), Limits()).duration_s == pytest.approx(2.0, abs=0.15)


def refusal(path, **limits):
    with pytest.raises(InputError) as raised:
        probe(str(path), Limits(**limits))
    return raised.value


def written(path, data):
    path.write_bytes(data)
    return path


def test_missing_file(tmp_path):
    error = refusal(tmp_path / "nowhere.mp4")
    assert str(error) == "There is no such file."
    assert error.retry


def test_folder(tmp_path):
    assert "folder" in str(refusal(tmp_path))


def test_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "regular file" in str(refusal(tmp_path / "pipe.mp4"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    path = make_video(tmp_path / "a.mp4", times=range(5))
    path.chmod(0)
    error = refusal(path)
    assert "permissions" in str(error)
    assert error.retry


def test_empty_file(tmp_path):
    assert str(refusal(written(tmp_path / "a.mp4", b""))) == "The file is empty."


@pytest.mark.parametrize("data", [b"Dear all,\nhere are the minutes.\n" * 40, bytes(5000)])
def test_not_a_media_file(tmp_path, data):
    error = refusal(written(tmp_path / "a.mp4", data))
    assert str(error) == "This is not a video: FFmpeg recognises no container in it."
    assert not error.retry


def test_text_named_as_such(tmp_path):
    assert "text" in str(refusal(written(tmp_path / "a.txt", b"Dear all, again\n" * 400)))


@pytest.mark.parametrize("suffix", ["m3u8", "mp4"])
def test_playlist_is_not_followed(tmp_path, suffix):
    make_video(tmp_path / "part.ts", times=range(20))
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tmp_path}/part.ts\n#EXT-X-ENDLIST\n"
    refusal(written(tmp_path / f"list.{suffix}", text.encode()))


def test_sound_alone(tmp_path):
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w") as container:
        add_sound(container, 0, 2)
    assert str(refusal(path)) == "This file has sound but no moving picture."


def test_sound_with_a_cover(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 160, 120, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        add_sound(container, 0, 2)
        container.mux(cover.encode(av.VideoFrame.from_ndarray(numbered(1))))
        container.mux(cover.encode(None))
    assert str(refusal(path)) == "This file has sound but no moving picture."


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "bmp", "tiff"])
def test_still_picture_by_any_name(tmp_path, suffix):
    imsave(tmp_path / f"a.{suffix}", numbered(3))
    assert "still picture" in str(refusal(tmp_path / f"a.{suffix}"))
    renamed = written(tmp_path / "b.mp4", (tmp_path / f"a.{suffix}").read_bytes())
    assert "still picture" in str(refusal(renamed))


def test_animation_is_a_video(tmp_path):
    path = make_video(tmp_path / "a.gif", "gif", times=range(10), pix_fmt="gray")
    assert probe(str(path), Limits()).codec == "gif"


def test_index_at_the_end_and_cut_off(tmp_path):
    data = make_video(tmp_path / "a.mp4").read_bytes()
    error = refusal(written(tmp_path / "b.mp4", data[: len(data) // 2]))
    assert "no index" in str(error)
    assert "Fetch it again" in str(error)


def test_picture_over_the_limit(tmp_path):
    path = make_video(tmp_path / "a.mp4", times=range(5))
    assert probe(str(path), Limits(max_pixels=160 * 120)).width == 160
    assert "pixels" in str(refusal(path, max_pixels=160 * 120 - 1))


def test_header_that_claims_a_giant_picture(tmp_path):
    data = make_video(tmp_path / "a.avi", "mjpeg", times=range(5), pix_fmt="yuvj420p").read_bytes()
    small = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 120, 160)
    assert small in data
    data = data.replace(small, small[:5] + struct.pack(">HH", 16000, 16000))
    data = data.replace(struct.pack("<ii", 160, 120), struct.pack("<ii", 16000, 16000))
    assert f"{Limits().max_pixels} pixels" in str(refusal(written(tmp_path / "b.avi", data)))


def test_video_of_which_nothing_decodes(tmp_path):
    path = make_video(tmp_path / "a.mkv", options=GROUPS)
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    noise = np.random.default_rng(0)
    for position, size in packets:
        data[position + 8 : position + size] = noise.bytes(size - 8)
    assert "can be decoded" in str(refusal(written(tmp_path / "b.mkv", bytes(data))))


def test_name_that_looks_like_a_protocol(tmp_path, monkeypatch):
    path = make_video(tmp_path / "a.mp4", times=range(5))
    path.rename(tmp_path / "concat:a.mp4")
    monkeypatch.chdir(tmp_path)
    assert probe("concat:a.mp4", Limits()).width == 160


def test_unknown_rate_is_nan_not_an_error(tmp_path):
    path = make_video(tmp_path / "a.mp4", times=[0], time_base=Fraction(1, 25))
    rate = probe(str(path), Limits()).frame_rate
    assert rate > 0 or math.isnan(rate)
