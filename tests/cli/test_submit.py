"""A run that is handed to a Ray cluster, whose nodes were started from a shell."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamfer as library
from streamfer.config import Analysis
from streamfer.store.validate import validate
from tests.cli.conftest import Say
from tests.cli.ray_nodes import VERSION, Cluster, cluster, installed
from tests.cli.relay import relay
from tests.conftest import Demo
from tests.tables import assert_same_rows


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("run videos --out /t.parquet", "videos is relative"),
        ("run /a.mp4 b.mp4 --out /t.parquet", "b.mp4 is relative"),
        ("run @list.txt --out /t.parquet", "list.txt is relative"),
        ("run s3://bucket/videos --out t.parquet", "t.parquet is relative"),
        ("run /videos --out /t.parquet --config run.toml", "run.toml is relative"),
        ("run /videos --out /t.parquet --detector scrfd.onnx", "scrfd.onnx is relative"),
        ("run /videos --out /t.parquet --backbone mine/a", "mine/a is relative"),
        ("compact /t.parquet --partial /p.parquet", "Only `run` can be submitted"),
        ("run /videos --out /t.parquet --frame", "No such option: --frame"),
        ("run /videos", "Missing option '--out'"),
    ],
)
def test_what_cannot_be_a_job_is_told_before_any_cluster_is_asked(
    command: Say, arguments: str, words: str
):
    said = command("submit", "--address", "http://127.0.0.1:1", "--", *arguments.split())
    assert said.code == 2
    assert words in said.stderr


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return installed(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def nodes(environment: dict[str, str]) -> Iterator[Cluster]:
    """Two nodes."""
    with cluster(environment, 2) as made:
        yield made


@pytest.fixture(scope="module")
def alone(demo: Demo) -> pa.Table:
    """What a run on this machine alone gives."""
    return library.analyse(demo.path, Analysis(segment_s=5))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "timelines.parquet"


def begin(environment: dict[str, str], *arguments: object) -> subprocess.Popen[str]:
    """Start a command as in a shell, and do not wait for it."""
    return subprocess.Popen(
        list(map(str, arguments)),
        env=environment,
        process_group=0,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for its end: exit code, stdout, stderr."""
    try:
        stdout, stderr = process.communicate(timeout=240)
    finally:
        process.kill()
    assert "Traceback" not in stdout + stderr, stdout + stderr
    return process.returncode, stdout, stderr


def run_of(demo: Demo, out: Path) -> list[object]:
    """The command's part after `--`: the demo in six segments."""
    return ["run", demo.path, "--out", out, "--segment-s", "5"]


def wait_for(what: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait until `what` is true, while the process runs."""
    deadline = time.monotonic() + 180
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "it did not come to pass in three minutes"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:1", "No Ray cluster answers at http://127.0.0.1:1"),
        ("head:6379", "head:6379 is not the address of a dashboard"),
    ],
)
def test_a_cluster_that_does_not_answer(environment: dict[str, str], address: str, words: str):
    # It is asked where it was said to be, whatever Ray's own variables say.
    elsewhere = environment | {"RAY_API_SERVER_ADDRESS": "http://127.0.0.1:2"}
    line = f"streamfer submit --address {address} -- run /v --out /t.parquet"
    code, stdout, stderr = finish(begin(elsewhere, *line.split()))
    assert (code, stdout) == (2, "")
    assert stderr.startswith(f"Error: {words}")
    assert len(stderr.splitlines()) == 1


def test_two_nodes_share_a_job_and_its_exit_code_comes_back(
    nodes: Cluster, environment: dict[str, str], demo: Demo, alone: pa.Table, tmp_path: Path
):
    """One of the two files is broken, and their folder's name is hard on a shell."""
    folder, out = tmp_path / "it's $HOME; *", tmp_path / "timelines.parquet"
    folder.mkdir()
    (folder / "demo.mp4").symlink_to(demo.path)
    (folder / "broken.mp4").write_text("Not a video.")
    submitted = begin(
        environment | {"RAY_ADDRESS": "127.0.0.1:1"},
        *("streamfer", "submit", "--address", nodes.address),
        *("--", "run", folder, "--out", out, "--segment-s", "5"),
    )
    wait_for(lambda: all(node.reader(demo.path) for node in nodes.nodes), submitted)
    code, stdout, stderr = finish(submitted)
    assert code == 3, stdout + stderr
    assert f"Timelines: {out}\n" in stdout
    assert "failed broken.mp4: " in stdout
    assert stderr.startswith("Submitted as raysubmit_")
    assert_same_rows(pq.read_table(out), alone)
    assert validate(out) == []


def test_a_cluster_that_wants_a_token(nodes: Cluster, environment: dict[str, str]):
    for changed in ({"RAY_AUTH_TOKEN": "guessed"}, {"RAY_AUTH_MODE": "disabled"}):
        line = f"streamfer submit --address {nodes.address} run /v --out /t.parquet"
        code, stdout, stderr = finish(begin(environment | changed, *line.split()))
        assert (code, stdout) == (2, "")
        assert "refuses the token" in stderr
        assert len(stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_node_that_dies_costs_no_row(
    environment: dict[str, str], demo: Demo, alone: pa.Table, out: Path
):
    with cluster(environment, 2) as made:
        submit = ("streamfer", "submit", "--address", made.address, "--", *run_of(demo, out))
        job = begin(environment, *submit)
        work = out.with_name(f"{out.name}.work")
        wait_for(lambda: any(work.glob("*/*/*.arrow")) and made.nodes[1].reader(demo.path), job)
        made.nodes[1].kill()
        code, stdout, stderr = finish(job)
    assert code == 0, stdout + stderr
    assert_same_rows(pq.read_table(out), alone)
    assert validate(out) == []


@pytest.mark.slow
def test_a_job_outlives_its_watcher_and_can_be_stopped_and_begun_again(
    nodes: Cluster, environment: dict[str, str], demo: Demo, alone: pa.Table, out: Path
):
    submit = ["streamfer", "submit", "--address", nodes.address, "--", *run_of(demo, out)]
    first = begin(environment, *submit)
    readers: list[psutil.Process] = []

    def both_nodes_work() -> bool:
        readers[:] = filter(None, (node.reader(demo.path) for node in nodes.nodes))
        return len(readers) == 2

    wait_for(both_nodes_work, first)
    for reader in readers:
        reader.suspend()  # so that the job lasts as long as this takes
    os.killpg(first.pid, signal.SIGINT)
    code, _, stderr = finish(first)
    assert code == 130
    *_, follow, stop = stderr.splitlines()

    second = begin(environment, *submit)
    code, stdout, _ = finish(second)
    assert code == 2
    assert "in use by another run" in stdout

    watching = begin(environment, *follow.split())
    assert finish(begin(environment, *stop.split()))[0] == 0
    assert "Interrupted. What is finished is kept" in finish(watching)[1]
    assert not out.exists()

    code, stdout, stderr = finish(begin(environment, *submit))
    assert code == 0, stdout + stderr
    assert_same_rows(pq.read_table(out), alone)


@pytest.mark.slow
def test_a_job_that_is_stopped_was_interrupted(
    nodes: Cluster, environment: dict[str, str], demo: Demo, out: Path
):
    submit = ("streamfer", "submit", "--address", nodes.address, "--", *run_of(demo, out))
    job = begin(environment, *submit)
    name = job.stderr.readline().split()[-1].rstrip(".")
    wait_for(lambda: nodes.nodes[0].reader(demo.path), job)
    nodes.nodes[0].reader(demo.path).suspend()
    stop = ("ray", "job", "stop", "--address", nodes.address, name)
    assert finish(begin(environment, *stop))[0] == 0
    assert finish(job)[0] == 130


@pytest.mark.slow
def test_a_connection_that_is_cut_costs_nothing_of_the_log(
    nodes: Cluster, environment: dict[str, str], demo: Demo, out: Path
):
    with relay(nodes.dashboard_port) as way:
        address = f"http://127.0.0.1:{way.port}"
        submit = ("streamfer", "submit", "--address", address, "--", *run_of(demo, out))
        job = begin(environment, *submit)
        before = []
        while not any("Models: " in line for line in before):
            before.append(job.stdout.readline())
            assert before[-1], before
        way.cut()
        code, after, stderr = finish(job)
    assert code == 0, after + stderr
    said = "".join(before) + after
    for once in ("Running entrypoint", "Models: ", "1 done", "Timelines: ", "Ledger: "):
        assert said.count(once) == 1


@pytest.mark.slow
def test_a_cluster_that_goes_away_is_told(environment: dict[str, str], demo: Demo, out: Path):
    with cluster(environment, 1) as made:
        submit = ("streamfer", "submit", "--address", made.address, "--", *run_of(demo, out))
        job = begin(environment, *submit)
        wait_for(lambda: made.nodes[0].reader(demo.path), job)
    code, _, stderr = finish(job)
    assert code == 1
    assert "Error: The cluster has not answered for 60 s" in stderr


@pytest.mark.slow
def test_the_head_has_another_streamfer_or_none(environment: dict[str, str], tmp_path: Path):
    with cluster(installed(tmp_path / "old", "0.0.9"), 1) as made:
        submit = f"streamfer submit --address {made.address} -- run /v --out /t.parquet".split()
        code, stdout, _ = finish(begin(environment, *submit))
        assert code == 2
        assert f"has streamfer 0.0.9, and the job comes from streamfer {VERSION}" in stdout

        (tmp_path / "old" / "streamfer").unlink()
        code, _, stderr = finish(begin(environment, *submit))
        assert code == 2
        assert "has no command `streamfer`" in stderr
