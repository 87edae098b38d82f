"""Which networks exist, whose they are, and where their files lie.

A catalogued file lies in an installed package, in the user's folder, or where the user says; it
is used only if its sha256 is the one in `catalogue.toml`. Nothing here downloads. A file of the
user's own may be named instead; then its sha256 is recorded, not checked.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from streamfer.errors import UsageError

Task = Literal["detector", "backbone", "temporal", "speech"]
TASKS: tuple[Task, ...] = get_args(Task)


@dataclass(frozen=True)
class File:
    """A file of a model, by its published name.

    `size` is in bytes, `url` where it can be fetched without asking anybody. None is what we
    could not learn; without a sha256 a file is neither fetched nor used.
    """

    name: str
    size: int | None = None
    sha256: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Input:
    """What a network wants to see: the size of a picture, its channels, and their values."""

    size: str
    colour: str
    range: str


@dataclass(frozen=True)
class Model:
    """A published network.

    Attributes:
        name: What the settings call it.
        about: What it is, in a sentence.
        not_run: Why streamfer can check its files, but not run them; "" if it can.
        package: The Python package that carries its files, in its `folder`; "" if none does.
        default: Whether it stands for its task.
        code_licence: The licence of the code that it comes from.
        weights_licence: The licence of its files.
        commercial: Whether the licence of its files allows commercial use. The terms of the
            pictures that it was trained on are another matter.
        training_data: Which pictures, and for what they are handed out.
        input: What the network itself wants; streamfer makes it from RGB pictures.
        classes: Its classes in the order of its outputs.
        figures: Measured figures, each with where it was measured.
        source: Where it comes from.
        files: One file, or several that work together.
    """

    name: str
    task: Task
    about: str
    code_licence: str
    weights_licence: str
    commercial: Literal["yes", "no", "unclear"]
    training_data: str
    input: Input
    source: str
    files: tuple[File, ...]
    classes: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    package: str = ""
    folder: str = ""
    default: bool = False
    not_run: str = ""

    @property
    def can_be_fetched(self) -> bool:
        """Whether all its files have a public address and a known sha256."""
        return all(file.url and file.sha256 for file in self.files)

    @property
    def size(self) -> int | None:
        """Of all its files together, bytes; None if not known."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size or 0 for size in sizes)

    @property
    def place(self) -> Path:
        """Where its file, or the folder of its files, belongs in the user's folder."""
        folder = user_folder() / self.task
        if len(self.files) > 1:
            return folder / self.name
        return folder / (self.name + Path(self.files[0].name).suffix)

    def paths(self, place: Path) -> list[tuple[File, Path]]:
        """Each file with its path, where the model as a whole is at `place`."""
        if len(self.files) == 1:
            return [(self.files[0], place)]
        return [(file, place / file.name) for file in self.files]


def _read() -> tuple[Model, ...]:
    text = Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8")
    return tuple(_model(entry) for entry in tomllib.loads(text)["model"])


def _model(entry: dict[str, Any]) -> Model:
    lists = {name: tuple(entry.get(name, ())) for name in ("classes", "figures")}
    parts = {
        "input": Input(**entry["input"]),
        "files": tuple(File(**file) for file in entry["files"]),
    }
    return Model(**entry | lists | parts)


MODELS = _read()
DEFAULTS: dict[Task, str] = {model.task: model.name for model in MODELS if model.default}


def resolve(name: str, task: Task, weights: Path | None = None) -> Path:
    """The file of a model of `task`, or the folder that holds its files if it has several.

    `name` is "default", a name in `MODELS` or in the user's folder, or a path to a file or
    folder. `weights` says where a catalogued model is, instead of looking for it.

    Raises:
        UsageError: The name is unknown, or the model is absent, not the published one, or not
            one that streamfer runs.
    """
    wanted = DEFAULTS.get(task) if name == "default" else name
    for model in MODELS:
        if (model.name, model.task) == (wanted, task):
            return _checked(model, weights)
    if weights is not None:
        raise UsageError(
            f"Weights are given for the {task} {name!r}, which is not in the catalogue: name the "
            f"file itself as the {task}."
        )
    path = find_own(name, task) or Path(name)
    if path.exists():
        return path
    known = ", ".join(model.name for model in MODELS if model.task == task and not model.not_run)
    raise UsageError(
        f"There is no {task} {name!r}: it is neither a file nor a known name "
        f"(known: {known or 'none'})."
    )


def user_folder() -> Path:
    """Where models lie that the user fetched or added: a folder for each task.

    $STREAMFER_WEIGHTS, else streamfer/weights in the folder for a user's data (XDG).
    """
    if chosen := os.environ.get("STREAMFER_WEIGHTS"):
        return Path(chosen)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "streamfer" / "weights"


def find_own(name: str, task: Task) -> Path | None:
    """A file that the user added under a name of his own."""
    if not is_name(name):
        return None
    found = (path for path in (user_folder() / task).glob(f"{name}.*") if path.stem == name)
    return next(found, None)


def is_name(text: str) -> bool:
    """Whether a model may be called so: it is one part of a path, and no path itself."""
    return re.fullmatch(r"[A-Za-z0-9_-]+", text) is not None


def locate(model: Model) -> Path | None:
    """Where a model is on this machine, unchecked; None if it is not."""
    # find_spec locates a package without running it, unlike importlib.resources.
    spec = importlib.util.find_spec(model.package) if model.package else None
    if spec is not None and spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0]) / model.folder
        return folder if len(model.files) > 1 else folder / model.files[0].name
    return model.place if model.place.exists() else None


def problems(model: Model, place: Path) -> list[str]:
    """What is wrong with the files of a model at `place`, a sentence each."""
    return [text for file, path in model.paths(place) if (text := _problem(model, file, path))]


def how_to_get(model: Model) -> str:
    """What a person does to have a model: the end of a sentence."""
    if model.can_be_fetched:
        return f"run `streamfer models fetch {model.name}`"
    if model.package:
        return f"run `pip install {model.package}`"
    names = " and ".join(file.name for file in model.files)
    return f"get {names} from {model.source} and run `streamfer models add`"


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


def _checked(model: Model, weights: Path | None) -> Path:
    if model.not_run:
        raise UsageError(f"streamfer cannot run the {model.task} {model.name}: {model.not_run}.")
    place = weights or locate(model)
    if place is None:
        raise UsageError(
            f"The weights of {model.name} are not on this machine: {how_to_get(model)}, or give "
            "the path of a copy that you have."
        )
    for text in problems(model, place):
        raise UsageError(text)
    return place


def _problem(model: Model, file: File, path: Path) -> str:
    remedy = "Name the published file."
    if path.is_relative_to(user_folder()):
        remedy = f"To replace it, {how_to_get(model)}."
    elif model.package and path == locate(model):
        remedy = f"Reinstall {model.package}, or name another model."
    if not path.is_file():
        return f"The weights of {model.name} are missing ({path}). {remedy}"
    found = file_sha256(path)
    if found == file.sha256:
        return ""
    if file.sha256 is None:
        return f"Whether {path} is the published file cannot be checked: its sha256 is not known."
    size = f"{file.size} bytes and " if file.size else ""
    return (
        f"The weights of {model.name} are not the published ones: {path} has "
        f"{path.stat().st_size} bytes and sha256 {found[:12]}…, expected {size}"
        f"{file.sha256[:12]}…. {remedy}"
    )
