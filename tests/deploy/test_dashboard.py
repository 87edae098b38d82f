"""The dashboard shows all that a run exports, and nothing else."""

import ast
import json
import re

from tests.commands import DEPLOY, ROOT

BOARD = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))


def exported() -> set[str]:
    """The names of the metrics of streamfer/cluster/metrics.py, as Prometheus has them."""
    tree = ast.parse((ROOT / "streamfer/cluster/metrics.py").read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("Counter"), args=[ast.Constant(name), *_]):
                names.add(f"ray_{name}_total")
            case ast.Call(func=ast.Name("Gauge"), args=[ast.Constant(name), *_]):
                names.add(f"ray_{name}")
    return names


def test_its_queries_are_for_just_what_is_exported():
    queries = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
    assert set(re.findall(r"ray_\w+", " ".join(queries))) == exported()
    assert len(exported()) == 5
    variables = {variable["name"] for variable in BOARD["templating"]["list"]}
    of_grafana = {"__rate_interval"}
    assert set(re.findall(r"\$\{?(\w+)", json.dumps(BOARD["panels"]))) == variables | of_grafana


def test_its_panels_do_not_overlap():
    taken = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert all(x < 24 for x, _ in cells)
        taken |= cells
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
