"""What of the paper's study is to be done, and how: flags over a TOML file over a profile."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from streamfer.config import Analysis, Execution
from streamfer.emotion.backbone import EMBEDDING_SIZE
from streamfer.emotion.emo_affectnet import SIDE
from streamfer.errors import UsageError
from trainers.analysis.detectors import Detecting
from trainers.analysis.printed import EXPERIMENTS, METHODS
from trainers.backbone.paper import settings as backbone_settings
from trainers.backbone.paper.experiments import EXPERIMENTS as BACKBONES
from trainers.backbone.paper.settings import BackboneSettings
from trainers.corpora.votes import AGREEMENT, Raters
from trainers.temporal.paper import settings as temporal_settings
from trainers.temporal.paper.settings import Temporal

Profile = Literal["paper", "released"]

EXPERIMENT = "experiment "
"""How `Study.backbone` names a backbone that the study itself trains: "experiment 9"."""

_TAKEN = ("resnet-50", EMBEDDING_SIZE, SIDE)

_ANALYSIS = tuple(
    f"analysis.{name}"
    for name in (
        "fps",
        "max_gap_s",
        "min_track_s",
        "detector",
        "detector_size",
        "min_score",
        "cut_distance",
    )
)
"""What of `Study.analysis` matters here; windows are in `Study.temporal`."""

_Settings = TypeVar("_Settings")


@dataclass(frozen=True)
class Study:
    """All choices of a study; docs/reproduce.md explains them."""

    profile: Profile = "paper"
    corpora: tuple[str, ...] = ()
    """Those to take of those that are there; empty: all."""
    agreement: float = AGREEMENT
    """The share of the raters who must agree on a label, where there are raters."""
    raters: Raters = "face"
    """Whose votes count, where a corpus tells them apart, as CREMA-D does."""
    experiments: tuple[int, ...] = tuple(EXPERIMENTS)
    """Which of Table 4."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """What replaces the experiments' own settings (`BackboneSettings`), by name."""
    first_weights: Mapping[str, str] = field(default_factory=dict)
    """The file that the training of a family of networks begins with; else it begins at random."""
    training_workers: int = 1
    """Of Ray Train for the experiments, with a core or a GPU each; 0: in this process."""
    backbone: str = f"{EXPERIMENT}9"
    """Whose embeddings temporal methods read: an experiment, or what `streamfer run` takes."""
    methods: tuple[str, ...] = METHODS
    """Of Table 6."""
    cross_validation: bool = True
    """Also Table 6's last column."""
    lengths: bool = True
    """Also seek the length of CNN-S's smoothing by brute force."""
    detectors: Mapping[str, str] = field(default_factory=dict)
    """Of Table 2: what a row is called, and a detector as in `streamfer run --detector`. Empty:
    all of streamfer's catalogue whose files are here, by their own names."""
    detectors_on: str = ""
    """The video of one person that they are measured on; empty: one of AffWild2's."""
    detecting: Detecting = field(default_factory=Detecting)
    faces: bool = True
    """Draw Figures 7 to 10, which show faces of the corpora."""
    seed: int = 0
    """Of the samples that are drawn for them."""
    analysis: Analysis = field(default_factory=Analysis)
    """How faces are found; windows and what reads them are in `temporal`."""
    temporal: Temporal = field(default_factory=Temporal)
    execution: Execution = field(default_factory=Execution)

    def __post_init__(self) -> None:
        for name, given, known in (
            ("experiments", self.experiments, tuple(EXPERIMENTS)),
            ("methods", self.methods, METHODS),
        ):
            if unknown := sorted(set(map(str, given)) - set(map(str, known))):
                raise UsageError(
                    f"{name} holds {unknown[0]}; there are: {', '.join(map(str, known))}."
                )
        trained = {n: self.experiment(n, BACKBONES[n]) for n in self.experiments}
        number = self.backbone.removeprefix(EXPERIMENT)
        if number != self.backbone and number not in map(str, self.experiments):
            raise UsageError(
                f"backbone is {self.backbone!r}, which is not among the experiments to run: name "
                'another, such as "default", or add it.'
            )
        if number != self.backbone:
            _require_taken(self.backbone, trained[int(number)])

    def experiment(self, number: int, settings: BackboneSettings) -> BackboneSettings:
        """An experiment's settings as this study has them."""
        paper, mine = (backbone_settings.PROFILES[name] for name in ("paper", self.profile))
        profile = {
            one.name: getattr(mine, one.name)
            for one in dataclasses.fields(mine)
            if getattr(mine, one.name) != getattr(paper, one.name)
        }
        settings = dataclasses.replace(settings, **profile)
        return over(settings, self.training, f"training (experiment {number})")


def _require_taken(name: str, settings: BackboneSettings) -> None:
    """Refuse a backbone that streamfer could not look at videos with, once it is trained.

    Raises:
        UsageError: It is not the network of the authors' own file.
    """
    shown = (settings.family, settings.neurons, settings.side)
    if shown != _TAKEN:
        shape = "{} with {} neurons and pictures of side {}".format
        raise UsageError(
            f"backbone is {name!r}, a {shape(*shown)}; of those that are trained streamfer takes "
            f'a {shape(*_TAKEN)} only. Name another, such as "default".'
        )


def load(file: Path | None, flags: Mapping[str, Any]) -> Study:
    """A study from a TOML file with flags on top; those that are None were not given.

    Raises:
        UsageError: Names the key that is unknown or of the wrong type.
    """
    table: dict[str, Any] = {}
    if file is not None:
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} is not valid TOML: {error}.") from None
    given = {name: value for name, value in flags.items() if value is not None}
    profile = given.get("profile", table.get("profile", "paper"))
    if profile not in get_args(Profile):
        raise UsageError(f"profile is {profile!r}; choose {' or '.join(get_args(Profile))}.")
    beneath = Study(temporal=temporal_settings.PROFILES[profile])
    for name, value in given.items():
        below = table.get(name)
        parts = isinstance(value, Mapping) and isinstance(below, Mapping)
        table[name] = dict(below or {}) | value if parts else value
    return over(beneath, table, f"{file} or the command" if file else "the command")


def over(settings: _Settings, table: Mapping[str, Any], where: str) -> _Settings:
    """Settings with what a table gives in place of their own; its tables are of their parts.

    Raises:
        UsageError: Names the key that is unknown or of the wrong type.
    """
    hints = get_type_hints(type(settings))
    chosen: dict[str, Any] = {}
    for name, value in table.items():
        if name not in hints:
            raise UsageError(
                f"{where}: there is no setting {name!r}; there are: {', '.join(hints)}."
            )
        own = getattr(settings, name)
        if dataclasses.is_dataclass(own) and isinstance(value, Mapping):
            chosen[name] = over(own, value, f"{where}, {name}")
            continue
        chosen[name] = tuple(value) if isinstance(value, list) else value
        if not _is(chosen[name], hints[name]):
            raise UsageError(f"{where}: {name} cannot be {value!r}.")
    return dataclasses.replace(settings, **chosen)  # type: ignore[type-var]


def _is(value: object, hint: Any) -> bool:  # noqa: ANN401 - any type
    """Whether a value is of a setting's type."""
    kind, of = get_origin(hint), get_args(hint)
    if kind in (Union, UnionType):
        return any(_is(value, one) for one in of)
    if kind is Literal:
        return value in of
    if kind is tuple:
        return isinstance(value, tuple) and all(_is(one, of[0]) for one in value)
    if kind is not None:
        return isinstance(value, kind)
    if isinstance(value, bool) and hint is not bool:
        return False
    return isinstance(value, int | float if hint is float else hint)


def told(study: Study) -> dict[str, str]:
    """The settings on which results depend, by dotted names; of paths only their last part.

    Experiments are told whole, the first that is run, and the others by what is different.
    """
    settings = {
        name: value
        for name, value in plain(study).items()
        if not name.startswith(("execution.", "training.", "analysis.")) or name in _ANALYSIS
    }
    first: dict[str, str] = {}
    for number in study.experiments:
        own = plain(study.experiment(number, BACKBONES[number]))
        settings |= {
            f"{EXPERIMENT}{number}: {name}": value
            for name, value in own.items()
            if first.get(name) != value
        }
        first = first or own
    return settings


def plain(settings: object, name: str = "") -> dict[str, str]:
    """All settings and those of their parts, by dotted names; of paths only their last part."""
    if isinstance(settings, Mapping):
        items = list(settings.items())
    elif dataclasses.is_dataclass(settings):
        items = [(one.name, getattr(settings, one.name)) for one in dataclasses.fields(settings)]
    else:
        text = ", ".join(map(str, settings)) if isinstance(settings, tuple) else str(settings)
        return {name: text.rpartition("/")[2] if text.startswith(("/", "~", ".")) else text}
    return {
        key: value
        for part, of in items
        for key, value in plain(of, f"{name}.{part}" if name else part).items()
    }
