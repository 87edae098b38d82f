"""The file for Ray's cluster launcher, by the schema that Ray ships."""

import json
from pathlib import Path

import jsonschema
import ray.autoscaler
import yaml

from tests.commands import DEPLOY, check, commands, in_comments

TEXT = (DEPLOY / "cluster.yaml").read_text(encoding="utf-8")
CLUSTER = yaml.safe_load(TEXT)
SCHEMA = Path(ray.autoscaler.__file__).parent / "ray-schema.json"


def test_it_satisfies_the_published_schema():
    jsonschema.validate(CLUSTER, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_its_parts_fit_together():
    types = CLUSTER["available_node_types"]
    assert CLUSTER["head_node_type"] in types
    workers = [kind for name, kind in types.items() if name != CLUSTER["head_node_type"]]
    assert sum(kind["max_workers"] for kind in workers) == CLUSTER["max_workers"]
    assert all(kind["min_workers"] == kind["max_workers"] for kind in workers)


def test_ray_is_started_with_flags_that_it_has_and_a_token_that_is_there():
    for place in ("head", "worker"):
        lines = CLUSTER[f"{place}_start_ray_commands"]
        for words in commands("\n".join(lines)):
            check(words)
        (folder,) = CLUSTER["file_mounts"]
        assert f"RAY_AUTH_TOKEN_PATH={folder}/auth_token" in lines[-1]
        assert "RAY_AUTH_MODE=token" in lines[-1]


def test_the_commands_it_shows_exist():
    shown = commands(in_comments(TEXT))
    assert [words[1] for words in shown] == ["get-auth-token", "up", "submit", "down"]
    for words in shown:
        check(words[: words.index(">/dev/null")] if ">/dev/null" in words else words)
