"""An address that cannot be joined is refused at once, in one sentence that says what to do."""

import http.server
import subprocess
import threading
import time
from pathlib import Path

import pytest

from streamfer.cluster.address import check_address
from streamfer.errors import UsageError
from tests.cli.ray_nodes import cluster, free_port, installed
from tests.cli.terminal import portrait


def refusal(address: str) -> str:
    began = time.monotonic()
    with pytest.raises(UsageError) as refused:
        check_address(address)
    assert time.monotonic() - began < 10
    return str(refused.value)


def test_where_nobody_listens(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("RAY_USE_TLS", raising=False)
    address = f"127.0.0.1:{free_port()}"
    assert refusal(address).startswith(f"No Ray cluster answers at {address}. Give the address")


def test_where_something_else_listens():
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = refusal(f"127.0.0.1:{server.server_port}")
        server.shutdown()
    assert said.startswith("No Ray cluster answers at 127.0.0.1:")


def test_a_machine_that_is_not_there():
    assert refusal("nowhere.invalid:6379").startswith("No Ray cluster answers at nowhere.invalid")


def test_addresses_of_another_kind():
    assert "Ray Client, which cannot be used here" in refusal("ray://head:10001")
    assert "is no address of a cluster" in refusal("http://head:8265")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_cluster_that_wants_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    environment = installed(tmp_path / "bin")
    video = portrait(tmp_path / "a.mp4", 2)
    with cluster(environment, 1) as made:
        address = f"127.0.0.1:{made.port}"
        monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
        monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
        assert "wants a token, and was sent none. Set RAY_AUTH_MODE=token" in refusal(address)
        monkeypatch.setenv("RAY_AUTH_MODE", "token")
        monkeypatch.setenv("RAY_AUTH_TOKEN", "another" * 10)
        assert "wants a token, and does not take the one it was sent" in refusal(address)
        for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
            monkeypatch.setenv(name, environment[name])
        check_address(address)
        command = ["streamfer", "run", video, "--out", tmp_path / "a.parquet"]
        command += ["--address", address]
        ended = subprocess.run(
            command, check=False, env=environment, stderr=subprocess.PIPE, encoding="utf-8"
        )
    assert ended.returncode == 0, ended.stderr
