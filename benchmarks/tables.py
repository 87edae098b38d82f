"""Tables of the committed results, and the documents that show them.

    python -m benchmarks.tables

puts each table into README.md and docs/*.md between the lines `<!-- table: NAME -->` and
`<!-- end of table -->`, so that no figure is copied by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from streamfer.emotion.labels import EMOTIONS

HERE = Path(__file__).parent
DOCUMENTS = (HERE.parent / "README.md", *sorted((HERE.parent / "docs").rglob("*.md")))
_PLACE = re.compile(r"(<!-- table: ([a-z-]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def networks() -> str:
    """Our backbone and the competitors' networks: how good, how fast, how large."""
    result = _read("networks")
    corpora = [f"{name} ({count:,})" for name, count in result["faces"].items()]
    rows = []
    for network in result["networks"]:
        times = network["milliseconds_a_face_in_batches_of"]
        figures = [network["corpora"][name] for name in result["faces"]]
        rows.append(
            [
                network["name"],
                *(f"{100 * f['accuracy']:.1f} / {100 * f['uar']:.1f}" for f in figures),
                " / ".join(f"{f['ece']:.3f}" for f in figures),
                f"{times['1']:.2f} / {times['8']:.2f}",
                f"{network['parameters'] / 1e6:.2f} M",
                f"{network['bytes'] / 1e6:.2f} MB",
            ]
        )
    heads = ["network", *(f"{name}: accuracy / UAR, %" for name in corpora)]
    heads += ["ECE", "ms a face, in batches of 1 / 8", "parameters", "file"]
    return _table(heads, rows)


def recalls() -> str:
    """The share of each class that the networks recognise."""
    result = _read("networks")
    rows = []
    for name in result["faces"]:
        for network in result["networks"]:
            recall = network["corpora"][name]["recall"]
            rows.append([name, network["name"], *(f"{100 * recall[e]:.1f}" for e in EMOTIONS)])
    return _table(["pictures", "network", *EMOTIONS], rows)


def speed() -> str:
    """Speed beside the package `fer`, where the time goes, and memory."""
    videos = _read("speed")["videos"]
    ours, others = [video["runs"][0] for video in videos], [video["fer"] for video in videos]
    stages = [video["stages_ms_a_second"] for video in videos]
    pairs = list(zip(ours, others, strict=True))
    rows = [["**times real time**", *("" for _ in videos)]]
    for runs in zip(*(video["runs"] for video in videos), strict=True):
        workers = runs[0]["workers"]
        name = "one worker, one core" if workers == 1 else f"{workers} workers, {workers} cores"
        rows.append([f"`streamfer run`, {name}", *(f"{r['times_real_time']:.3g}" for r in runs)])
    rows += [
        [
            f"package `fer` {others[0]['version']}, every fifth frame, one core",
            *(f"{other['times_real_time']:.2g}" for other in others),
        ],
        [
            "times as fast as `fer`",
            *(f"{our['times_real_time'] / fer['times_real_time']:.2g}" for our, fer in pairs),
        ],
        ["**processor milliseconds a second of video**", *("" for _ in videos)],
    ]
    rows += [[name, *(f"{times[name]:.1f}" for times in stages)] for name in stages[0]]
    sums = [sum(times.values()) for times in stages]
    whole = [our["processor_ms_a_second"] for our in ours]
    rest = [all_of_it - known for all_of_it, known in zip(whole, sums, strict=True)]
    rows += [
        ["these stages together", *(f"{ms:.1f}" for ms in sums)],
        ["Ray, the driver, the tables", *(f"{ms:.1f}" for ms in rest)],
        ["the whole run", *(f"{ms:.1f}" for ms in whole)],
        ["package `fer`", *(f"{other['processor_ms_a_second']:.1f}" for other in others)],
        ["**memory at its peak, MiB**", *(f"{our['peak_memory_mib']:,}" for our in ours)],
    ]
    heads = ["", *(f"{video['title']}, {video['minutes']:g} minutes" for video in videos)]
    return _table(heads, rows)


def runtimes() -> str:
    """The default networks in all runtimes: how fast, and how near to float32."""
    rows = []
    for result in _read("runtimes").values():
        for row in result["rows"]:
            times = ", ".join(f"{ms:.2f} ({title})" for title, ms in row["ms"].items())
            same, change = f"{100 * row['same']:.1f}", f"{row['largest_change']:.4f}"
            passes = "yes" if row["passes"] else "no"
            rows.append(
                [row["network"], row["runtime"], times or "not timed", same, change, passes]
            )
    heads = ["network", "runtime", "ms of one (in batches of)", "same labels or boxes, %"]
    return _table([*heads, "largest change", "passes"], rows)


def detectors() -> str:
    """Recall against time of each detector on whole pictures, at a least score of .5."""
    ways = [way for way in _read("detectors")["ways"] if way["how"] == "whole"]
    rows = [
        [way["name"], str(way["size"]), f"{way['ms']:.1f}", *map(_found, _groups(way))]
        for way in ways
        if way["min_score"] == 0.5
    ]
    return _table(["detector", "longest side", "ms", *_GROUPS], rows)


def schedules() -> str:
    """Recall against time of each detector as a run uses it."""
    rows = []
    for way in _read("detectors")["ways"]:
        if way["how"] == "schedule":
            groups = _groups(way)
            times = " / ".join(f"{group['ms']:.1f}" for group in groups)
            shares = " / ".join(f"{group['of_default']:.2f}" for group in groups)
            rows.append([way["name"], times, shares, *map(_found, groups)])
    return _table(["detector", "ms a sampled picture", "of CenterFace's", *_GROUPS], rows)


_GROUPS = ("dark", "crowd", "others")


def _groups(way: dict[str, Any]) -> list[dict[str, Any]]:
    return [way[group] for group in _GROUPS]


def _found(group: dict[str, Any]) -> str:
    return f"{group['recall']:.3f}, {group['beyond']} beyond"


def devices() -> str:
    """What the choice of runtimes changes in the timelines of the clips."""
    rows = []
    for device, result in _read("runtimes").items():
        for reference, found in result["timelines"].items():
            tracks = " / ".join(map(str, found["tracks"]))
            labels = f"{100 * found['same_label']:.1f}"
            matched = f"{found['matched']} of {found['rows'][0]}"
            rows.append([reference, f"default on {device}", tracks, matched, labels])
    heads = ["one", "other", "tracks of both", "rows found again", "of these the same label, %"]
    return _table(heads, rows)


def render() -> str:
    """How fast faces are marked and hidden in a video."""
    rows = [
        [
            f"{clip['width']}×{clip['height']}, {clip['fps']:g} frames a second",
            f"{clip['faces_at_once']:g}",
            f"{clip['marked_times_real_time']:.1f}",
            f"{clip['hidden_times_real_time']:.1f}",
        ]
        for clip in _read("render")["clips"]
    ]
    return _table(["video", "faces at once", "marked, × real time", "hidden, × real time"], rows)


def overhead() -> str:
    """What Ray, scheduling and commits cost beside the work itself."""
    result = _read("overhead")
    bare = min(result["bare_s"])
    rows = [["the work itself, in one process", f"{bare:.0f}", "", ""]]
    for run in result["runs"]:
        workers = f"{run['workers']} worker{'s' if run['workers'] > 1 else ''}"
        whole, start = min(run["processor_s"]), min(run["start_and_end_s"])
        percent = f"{run['overhead_percent']:.0f}"
        rows.append(
            [f"`streamfer run`, {workers}", f"{whole - start:.0f}", f"{start:.0f}", percent]
        )
    heads = [f"{result['minutes']:g} minutes of video", "processor seconds", "start and end", "%"]
    return _table(heads, rows)


def seeking() -> str:
    """How each kind of file is cut, and what that and fixed segments cost beside one pass."""
    files = _read("seeking")["files"]
    cells = {}
    for file in files:
        planned, fixed = (file[way] / file["one_pass_s"] for way in ("planned_s", "fixed_s"))
        cells[file["kind"], file["gop"]] = f"{file['segments']}: {planned:.1f} ({fixed:.1f})"
    gops = list(dict.fromkeys(file["gop"] for file in files))
    rows = [
        [kind, *(cells[kind, gop] for gop in gops)]
        for kind in dict.fromkeys(file["kind"] for file in files)
    ]
    heads = [f"a keyframe every {gop} pictures" if gop else "at the start alone" for gop in gops]
    return _table(["", *heads], rows)


def long_video() -> str:
    """What a long video takes beside a short one."""
    runs = _read("long_video")["runs"]
    lines = {
        "tracks": "tracks",
        "rows": "rows",
        "**memory at its peak, MiB**": "peak_memory_mib",
        "without what is mapped from files": "written_peak_memory_mib",
        "the driver, at its own peak": "driver_peak_memory_mib",
        "processor seconds": "processor_s",
        "the driver's": "driver_processor_s",
        "processor milliseconds a second of video": "processor_ms_a_second",
    }
    rows = [
        [name, *(f"{run[key]:,}" for run in runs)]
        for name, key in lines.items()
        if all(key in run for run in runs)
    ]
    return _table(["", *(f"{run['minutes']:g} minutes" for run in runs)], rows)


def fuzz() -> str:
    """What became of the mutants, and what that took."""
    result = _read("fuzz")
    rows = [[status, f"{count:,}"] for status, count in sorted(result["status"].items())]
    rows += [
        ["wall-clock seconds", f"{result['wall_s']:,}"],
        ["memory at its peak, MiB", f"{result['peak_memory_mib']:,}"],
    ]
    return _table(["", f"{result['files']:,} mutants"], rows)


def fuzz_reasons() -> str:
    """What the ledger says of the mutants; N stands for any number."""
    rows = [[text, status, str(count)] for status, text, count in _read("fuzz")["reasons"]]
    return _table(["reason", "status", "files"], rows)


def remote_reads() -> str:
    """What it takes to use a video at a URI, by its first and its longest piece."""
    result = _read("remote_reads")
    ways, seconds = result["ways"], result["read_s"]

    def cell(way: dict[str, Any], text: str) -> str:
        chosen = [way["first_kib"], way["longest_kib"]] == result["default_kib"]
        return f"**{text}**" if chosen else text

    def row(title: str, kind: str, act: str) -> list[str]:
        took = [way["files"][kind][act] for way in ways]
        texts = [f"{each['requests']}, {each['bytes'] / 1e6:.1f} MB" for each in took]
        return [title, *(cell(way, text) for way, text in zip(ways, texts, strict=True))]

    sizes = {kind: file["bytes"] / 1e6 for kind, file in result["files"].items()}
    minutes = {kind: sizes[kind] * seconds / result["files"][kind]["seconds"] for kind in sizes}
    rows = [
        *(row(f"look at {kind} ({sizes[kind]:.0f} MB)", kind, "look") for kind in sizes),
        *(row(f"{seconds} s of {kind} ({minutes[kind]:.0f} MB)", kind, "minute") for kind in sizes),
        row("content id of each", next(iter(sizes)), "content_id"),
    ]
    lengths = [
        cell(way, f"{_bytes(way['first_kib'])}, {_bytes(way['longest_kib'])}") for way in ways
    ]
    return _table(["first, longest piece", *lengths], rows)


def _bytes(kib: int) -> str:
    return f"{kib} KiB" if kib < 1024 else f"{kib // 1024} MiB"


TABLES: dict[str, Callable[[], str]] = {
    "devices": devices,
    "detectors": detectors,
    "fuzz": fuzz,
    "fuzz-reasons": fuzz_reasons,
    "long-video": long_video,
    "networks": networks,
    "recalls": recalls,
    "remote-reads": remote_reads,
    "overhead": overhead,
    "render": render,
    "runtimes": runtimes,
    "schedules": schedules,
    "seeking": seeking,
    "speed": speed,
}


def updated(document: str) -> str:
    """A document's text with all its tables as the results are now."""
    return _PLACE.sub(lambda place: place[1] + TABLES[place[2]]() + place[3], document)


def main() -> None:
    """Write the tables into the documents."""
    for file in DOCUMENTS:
        file.write_text(updated(file.read_text(encoding="utf-8")), encoding="utf-8")


def _read(name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return result


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    main()
