"""The commands of docs/cluster.md: all exist, and those for which a cluster is enough are run."""

import re
import shutil
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.ray_nodes import cluster, installed
from tests.cli.terminal import portrait
from tests.commands import ROOT, check, commands

PAGE = (ROOT / "docs/cluster.md").read_text(encoding="utf-8")
COMMANDS = commands("\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)))
OF_OTHERS = {"docker", "export", "kubectl", "sbatch"}


def test_every_command_exists():
    for words in COMMANDS:
        if words[0] not in OF_OTHERS:
            check(words)
    assert {words[0] for words in COMMANDS} == OF_OTHERS | {"ray", "streamfer"}


def test_every_file_it_names_exists():
    linked = re.findall(r"\]\(\.\./(\S+)\)", PAGE)
    named = [word for words in COMMANDS for word in words if word.startswith("deploy/")]
    assert set(named) - {"deploy/Dockerfile"} < set(linked)
    for name in [*linked, *named]:
        assert (ROOT / name).exists()


def test_its_metrics_are_those_of_the_dashboard():
    board = (ROOT / "deploy/grafana.json").read_text(encoding="utf-8")
    told, shown = (set(re.findall(r"ray_streamfer_\w+", text)) for text in (PAGE, board))
    assert told == shown


@pytest.mark.slow
def test_its_runs_run(tmp_path: Path):
    """As it has them, but for the places: /data is a folder, and the head this machine."""
    data = tmp_path / "data"
    (data / "videos").mkdir(parents=True)
    portrait(data / "videos" / "a.mp4")
    runs = [
        words
        for words in COMMANDS
        if "run" in words and words[0] in ("ray", "streamfer") and "s3://" not in " ".join(words)
    ]
    assert len(runs) == 4
    environment = installed(tmp_path / "bin")
    with cluster(environment, 1) as made:
        here = environment | {"RAY_ADDRESS": f"127.0.0.1:{made.port}"}
        for words in runs:
            local = [
                word.replace("/data", str(data)).replace("http://head:8265", made.address)
                for word in words
            ]
            subprocess.run(local, check=True, env=here, cwd=data, timeout=240)
            assert pq.read_metadata(data / "timelines.parquet").num_rows == 4
            for path in data.glob("timelines.*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
