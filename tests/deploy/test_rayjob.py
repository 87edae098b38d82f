"""The RayJob for KubeRay: the fields that it uses, by KubeRay's published types (ray.io/v1)."""

from typing import Any

import pytest
import yaml

from tests.commands import DEPLOY, check, commands

JOB = yaml.safe_load((DEPLOY / "rayjob.yaml").read_text(encoding="utf-8"))
SPEC = JOB["spec"]
CLUSTER = SPEC["rayClusterSpec"]
GROUPS = [CLUSTER["headGroupSpec"], *CLUSTER["workerGroupSpecs"]]

# Of KubeRay's types, what is used here: a field and what it holds. All of them are needed here.
JOB_SPEC = {
    "entrypoint": str,
    "backoffLimit": int,
    "shutdownAfterJobFinishes": bool,
    "ttlSecondsAfterFinished": int,
    "rayClusterSpec": dict,
}
CLUSTER_SPEC = {
    "rayVersion": str,
    "authOptions": dict,
    "headGroupSpec": dict,
    "workerGroupSpecs": list,
}
HEAD_GROUP = {"rayStartParams": dict, "template": dict}
WORKER_GROUP = HEAD_GROUP | {
    "groupName": str,
    "replicas": int,
    "minReplicas": int,
    "maxReplicas": int,
}
CONTAINER = {"name": str, "image": str, "resources": dict, "volumeMounts": list}


def require(found: dict[str, Any], fields: dict[str, type]) -> None:
    assert {name: type(value) for name, value in found.items()} == fields


def test_its_fields_are_kuberay_s():
    assert (JOB["apiVersion"], JOB["kind"]) == ("ray.io/v1", "RayJob")
    assert set(JOB) == {"apiVersion", "kind", "metadata", "spec"}
    require(SPEC, JOB_SPEC)
    require(CLUSTER, CLUSTER_SPEC)
    assert CLUSTER["authOptions"] == {"mode": "token"}
    head, *workers = GROUPS
    require(head, HEAD_GROUP)
    for group in workers:
        require(group, WORKER_GROUP)
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


@pytest.mark.parametrize("group", GROUPS)
def test_its_pods_are_whole(group: dict[str, Any]):
    """Ray is started with flags that it has, and what is mounted is there."""
    pod = group["template"]["spec"]
    (container,) = pod["containers"]
    require({name: value for name, value in container.items() if name != "ports"}, CONTAINER)
    for port in container.get("ports", ()):
        require(port, {"containerPort": int, "name": str})
    assert {"requests", "limits"} == set(container["resources"])
    claims = {one["name"]: one["persistentVolumeClaim"]["claimName"] for one in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == set(claims)
    flags = [f"--{name}={value}" for name, value in group["rayStartParams"].items()]
    assert all(isinstance(value, str) for value in group["rayStartParams"].values())
    check(["ray", "start", *flags])


def test_its_entry_point_is_a_command_whose_files_are_mounted():
    (entrypoint,) = commands(SPEC["entrypoint"])
    assert entrypoint[:2] == ["streamfer", "run"]
    check(entrypoint)
    for group in GROUPS:
        (container,) = group["template"]["spec"]["containers"]
        (mount,) = container["volumeMounts"]
        for word in entrypoint[2:]:
            assert word.startswith(("--", f"{mount['mountPath']}/"))
