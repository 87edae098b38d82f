"""A long video from a short one: the same packets over and over, without encoding anew."""

from fractions import Fraction
from pathlib import Path

import av


def loop(source: Path, target: Path, seconds: float) -> Path:
    """Write the pictures of `source` to `target` until it is `seconds` long or a little more."""
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.dts is not None]
        base = stream.time_base
        content = [(bytes(p), p.pts, p.dts, p.duration, p.is_keyframe) for p in packets]
        length = max(p.pts + p.duration for p in packets) - min(p.pts for p in packets)
        with av.open(str(target), "w") as output:
            copy = output.add_stream_from_template(stream)
            for n in range(-int(-seconds // float(length * Fraction(base)))):
                for data, pts, dts, duration, keyframe in content:
                    packet = av.Packet(data)
                    packet.pts, packet.dts = pts + n * length, dts + n * length
                    packet.duration, packet.time_base = duration, base
                    packet.is_keyframe = keyframe
                    packet.stream = copy
                    output.mux(packet)
    return target
