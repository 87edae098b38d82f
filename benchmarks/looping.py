"""A long video from a short one: the same packets over and over, without encoding anew."""

from pathlib import Path

import av


def loop(source: Path, target: Path, seconds: float, *, sound: bool = False) -> Path:
    """Write `source` to `target` until it is `seconds` long or a little more.

    The pictures alone, unless the first track of `sound` is wanted, too.
    """
    with av.open(str(source)) as container:
        streams = [container.streams.video[0], *container.streams.audio[: int(sound)]]
        packets = [packet for packet in container.demux(*streams) if packet.dts is not None]
        content = [
            (p.stream, bytes(p), p.pts, p.dts, p.duration, p.time_base, p.is_keyframe)
            for p in packets
        ]
        begin = min(p.pts * p.time_base for p in packets)
        length = max((p.pts + p.duration) * p.time_base for p in packets) - begin
        with av.open(str(target), "w") as output:
            copies = {stream: output.add_stream_from_template(stream) for stream in streams}
            for n in range(-int(-seconds // float(length))):
                for stream, data, pts, dts, duration, base, keyframe in content:
                    shift = round(n * length / base)
                    packet = av.Packet(data)
                    packet.pts, packet.dts = pts + shift, dts + shift
                    packet.duration, packet.time_base = duration, base
                    packet.is_keyframe = keyframe
                    packet.stream = copies[stream]
                    output.mux(packet)
    return target
