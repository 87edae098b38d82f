"""The Slurm script: read, and run with a stand-in for Slurm that has one node, this machine."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import streamfer as library
from streamfer.config import Analysis
from tests.cli.ray_nodes import installed
from tests.commands import DEPLOY, check, commands, flags, in_comments
from tests.conftest import Demo
from tests.tables import assert_same_rows

SCRIPT = DEPLOY / "slurm.sh"
TEXT = SCRIPT.read_text(encoding="utf-8")
(EXAMPLE,) = commands(in_comments(TEXT))

# Of sbatch's options, those that the script uses or shows.
OPTIONS = {
    "job-name": r"\w+",
    "nodes": r"\d+",
    "ntasks-per-node": r"\d+",
    "cpus-per-task": r"\d+",
    "mem-per-cpu": r"\d+[KMGT]",
    "time": r"\d\d:\d\d:\d\d",
    "requeue": None,
    "open-mode": r"append|truncate",
    "signal": r"B:[A-Z0-9]+@\d+",
}


def test_bash_understands_it():
    subprocess.run(["bash", "-n", SCRIPT], check=True)
    assert os.access(SCRIPT, os.X_OK)


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing():
    found = subprocess.run(["shellcheck", SCRIPT], check=False, capture_output=True, text=True)
    assert found.stdout == ""


def test_its_options_are_sbatch_s():
    for option in re.findall(r"^#SBATCH --(.*)$", TEXT, re.MULTILINE):
        name, _, value = option.partition("=")
        pattern = OPTIONS[name]
        assert re.fullmatch(pattern, value) if pattern else value == ""
    # Directives after the first command are not read.
    assert TEXT.rindex("#SBATCH") < TEXT.index("set -euo pipefail")


def test_the_example_it_shows_exists():
    script = EXAMPLE.index("deploy/slurm.sh")
    assert EXAMPLE[0] == "sbatch"
    assert {word.removeprefix("--") for word in EXAMPLE[1:script] if word[0] == "-"} <= set(OPTIONS)
    check(["streamfer", "run", *EXAMPLE[script + 1 :]])


def test_it_gives_flags_that_there_are():
    """That they have the right values only the run below can tell."""
    code = "\n".join(line for line in TEXT.splitlines() if not line.startswith("#"))
    of_srun = {"--overlap", "--nodes", "--ntasks", "--cpus-per-task", "--nodelist", "--exclude"}
    given = set(re.findall(r"(?<=[ (])--[a-z-]+", code))
    assert given <= of_srun | flags("ray start") | flags("streamfer run")


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What a job finds: Slurm's variables, and an `srun` that starts what it is given here."""
    environment = installed(tmp_path / "bin")
    (tmp_path / "bin" / "srun").write_text(
        "#!/bin/bash\n"
        "while [[ $1 == --* ]]; do [ $1 = --overlap ] || shift; shift; done\n"
        'exec "$@"\n'
    )
    (tmp_path / "bin" / "scontrol").write_text(f'#!/bin/bash\necho "$@" >>{tmp_path}/scontrol\n')
    for name in ("srun", "scontrol"):
        (tmp_path / "bin" / name).chmod(0o755)
    job = str(900_000 + os.getpid())
    yield environment | {
        "SLURM_JOB_ID": job,
        "SLURM_NNODES": "1",
        "SLURM_CPUS_PER_TASK": "1",
        "SLURMD_NODENAME": "localhost",
    }
    assert not Path(f"/tmp/ray-{job}").exists()


@pytest.mark.slow
def test_a_job_whose_time_is_up_is_requeued_and_goes_on(
    slurm: dict[str, str], demo: Demo, tmp_path: Path
):
    out = tmp_path / "timelines.parquet"
    command = [SCRIPT, demo.path, "--out", out, "--segment-s", "5"]

    def commits() -> dict[str, int]:
        files = out.with_name(f"{out.name}.work").glob("*/*/*.arrow")
        return {path.name: path.stat().st_mtime_ns for path in files}

    with (tmp_path / "log").open("w+") as log:
        job = subprocess.Popen(command, env=slurm, stdout=log, stderr=log)
        deadline = time.monotonic() + 180
        while not commits():
            assert job.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        job.send_signal(signal.SIGUSR1)
        assert job.wait(timeout=120) == 130, (tmp_path / "log").read_text()
    assert (tmp_path / "scontrol").read_text() == f"requeue {slurm['SLURM_JOB_ID']}\n"
    assert not out.exists()
    done = commits()

    subprocess.run(command, check=True, env=slurm, timeout=240)
    assert commits().items() >= done.items()
    assert_same_rows(pq.read_table(out), library.analyse(demo.path, Analysis(segment_s=5)))
    assert (tmp_path / "scontrol").read_text().count("requeue") == 1
