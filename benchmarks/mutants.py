"""Videos broken in all the ways in which disks, networks, programs and malice break them.

A mutant is made of one file's bytes, and of another's where two are spliced, by one to three
mutations. It follows from the files, the seed and its number alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random

import av

# What stands before numbers that a reader believes, by the container. A lie is told behind it.
_BOXES = "mvhd tkhd mdhd elst stsd stts ctts stsc stsz stco stss avcC moov trak mdat trun tfdt"
_MP4 = [name.encode() for name in _BOXES.split()]
# Duration, TimestampScale, Cluster and its Timestamp, SimpleBlock, PixelWidth, PixelHeight,
# TrackNumber, CodecPrivate, Cues, CueTime, CueClusterPosition, SeekPosition, Segment
_ELEMENTS = "4489 2ad7b1 1f43b675 e7 a3 b0 ba d7 63a2 1c53bb6b b3 f1 53ac 18538067"
_MATROSKA = [bytes.fromhex(code) for code in _ELEMENTS.split()]
_PACKETS = [b"\x47\x41\x00", b"\x47\x01\x00", b"\x47\x40\x00", b"\x47\x50\x00", b"\0\0\1\xe0"]
_HEADERS: dict[str, list[bytes]] = {
    ".mp4": _MP4,
    ".mov": _MP4,
    ".mkv": _MATROSKA,
    ".webm": _MATROSKA,
    ".avi": [b"avih", b"strh", b"strf", b"idx1", b"LIST", b"movi", b"00dc", b"RIFF"],
    ".ts": _PACKETS,
    ".mpg": [b"\0\0\1\xba", b"\0\0\1\xe0", b"\0\0\1\xb3"],
    ".flv": [b"FLV", b"\x09\0", b"duration", b"width", b"\0\0\0\0\x09"],
}
_EXTREMES = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutants(sources: Sequence[Path], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Names and bytes; a name tells the number, the mutations and the source."""
    for number in range(count):
        chance = Random(f"{seed}:{number}")
        origin = Origin(chance.choice(sources), sources, chance)
        kinds = chance.choices(list(MUTATIONS), k=chance.choice([1, 1, 1, 2, 3]))
        data = origin.source.read_bytes()
        # Packets can only be told apart in what is still whole.
        for kind in sorted(kinds, key=lambda kind: kind != "packets"):
            data = MUTATIONS[kind](data, origin)
        yield f"{number:04}-{'-'.join(kinds)}-{origin.source.name}", data


@dataclass(frozen=True)
class Origin:
    """What a mutation may draw on."""

    source: Path
    sources: Sequence[Path]
    chance: Random

    def place(self, data: bytes) -> int:
        """Somewhere, the end included."""
        return self.chance.randint(0, len(data))

    def stretch(self, data: bytes) -> slice:
        """Somewhere; of any order of magnitude."""
        length = int(len(data) ** self.chance.uniform(0.2, 0.95))
        start = self.chance.randint(0, len(data) - length)
        return slice(start, start + length)


def _truncate(data: bytes, origin: Origin) -> bytes:
    return data[: origin.place(data)]


def _behead(data: bytes, origin: Origin) -> bytes:
    return data[origin.stretch(data).start :]


def _splice(data: bytes, origin: Origin) -> bytes:
    other = origin.chance.choice(origin.sources).read_bytes()
    return data[: origin.place(data)] + other[origin.place(other) :]


def _flip(data: bytes, origin: Origin) -> bytes:
    changed = bytearray(data)
    for _ in range(int(10 ** origin.chance.uniform(0, 3)) if data else 0):
        changed[origin.chance.randrange(len(data))] ^= 1 << origin.chance.randrange(8)
    return bytes(changed)


def _zero(data: bytes, origin: Origin) -> bytes:
    gone = origin.stretch(data)
    return data[: gone.start] + bytes(gone.stop - gone.start) + data[gone.stop :]


def _noise(data: bytes, origin: Origin) -> bytes:
    gone = origin.stretch(data)
    noise = origin.chance.randbytes(gone.stop - gone.start)
    return data[: gone.start] + noise + data[gone.stop :]


def _lose(data: bytes, origin: Origin) -> bytes:
    gone = origin.stretch(data)
    return data[: gone.start] + data[gone.stop :]


def _repeat(data: bytes, origin: Origin) -> bytes:
    twice = origin.stretch(data)
    return data[: twice.stop] + data[twice] * origin.chance.choice([1, 2, 20]) + data[twice.stop :]


def _swap(data: bytes, origin: Origin) -> bytes:
    a, b, c, d = sorted(origin.place(data) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def _lie(data: bytes, origin: Origin) -> bytes:
    """One to four numbers in headers, of one to eight bytes, are others."""
    chance = origin.chance
    for _ in range(chance.randint(1, 4)):
        mark = chance.choice(_HEADERS.get(origin.source.suffix, [data[:4]]))
        places = list(_places_of(mark, data))
        if places:
            size = chance.choice([1, 2, 4, 4, 8])
            place = chance.choice(places) + len(mark) + chance.randrange(24)
            value = chance.choice([*_EXTREMES, chance.getrandbits(32)]) % 256**size
            number = value.to_bytes(size, chance.choice(["big", "little"]))
            data = data[:place] + number + data[place + size :]
    return data


def _places_of(mark: bytes, data: bytes) -> Iterator[int]:
    place = data.find(mark)
    while mark and place >= 0:
        yield place
        place = data.find(mark, place + 1)


def _packets(data: bytes, origin: Origin) -> bytes:
    """Some packets have the contents or the times of others, wild times, or are gone."""
    chance = origin.chance
    target = BytesIO()
    with av.open(BytesIO(data)) as before:
        stream = before.streams.video[0]
        packets = [(bytes(p), p.pts, p.dts, p) for p in before.demux(stream) if p.dts is not None]
        for _ in range(chance.randint(1, max(len(packets) // 4, 1))):
            a, b = chance.randrange(len(packets)), chance.randrange(len(packets))
            (one, pts, dts, packet), other = packets[a], packets[b]
            what = chance.choice(["contents", "times", "wild", "gone"])
            if what == "contents":
                packets[a] = other[0], pts, dts, packet
            elif what == "times":
                packets[a] = one, other[1], dts, packet
            elif what == "wild":
                packets[a] = one, (pts or 0) + chance.randrange(2**32), dts, packet
            elif len(packets) > 1:
                del packets[a]
        # Matroska files would have a random number each.
        exact = {"fflags": "+bitexact"}
        with av.open(target, "w", format=_muxer(before.format.name), options=exact) as after:
            copy = after.add_stream_from_template(stream, opaque=True)
            for content, pts, dts, packet in packets:
                changed = av.Packet(content)
                changed.pts, changed.dts = pts, dts
                changed.time_base, changed.duration = packet.time_base, packet.duration
                changed.is_keyframe, changed.stream = packet.is_keyframe, copy
                try:
                    after.mux(changed)
                except av.error.FFmpegError:
                    continue  # the muxer will not write such times
    return target.getvalue()


def _muxer(demuxer: str) -> str:
    names = {"mov,mp4,m4a,3gp,3g2,mj2": "mp4", "matroska,webm": "matroska", "mpeg": "vob"}
    return names.get(demuxer, demuxer)


MUTATIONS: dict[str, Callable[[bytes, Origin], bytes]] = {
    "truncate": _truncate,
    "behead": _behead,
    "splice": _splice,
    "flip": _flip,
    "zero": _zero,
    "noise": _noise,
    "lose": _lose,
    "repeat": _repeat,
    "swap": _swap,
    "lie": _lie,
    "packets": _packets,
}
