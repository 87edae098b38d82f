"""Finds the temporal method that the settings name."""

from __future__ import annotations

from pathlib import Path

from streamfer.config import Analysis
from streamfer.emotion.temporal.cnn_s import CnnS
from streamfer.emotion.temporal.cnn_w import CnnW
from streamfer.emotion.temporal.learnt import load_learnt, require_settings
from streamfer.emotion.temporal.method import TemporalMethod
from streamfer.emotion.temporal.overlap import Averaged
from streamfer.errors import UsageError
from streamfer.weights.catalogue import MODELS, find_own, resolve
from streamfer.weights.runtime import Device

_OF_CNN_S = ("smoothing", "smoothing_shape", "smoothing_edge")
TRAINED = ("cnn-svm", "cnn-lstm", "cnn-gru", "cnn-lstm-a")


def load_temporal_beside(
    backbone_sha256: str, analysis: Analysis, device: Device
) -> TemporalMethod:
    """The temporal method of the settings, which fits this backbone.

    "default" is the trained method that comes with streamfer; or CNN-S, which fits everything,
    where the backbone or the windows are not those that it was trained on, or where settings
    that are CNN-S's alone are not as they come.

    Raises:
        UsageError: There is none, it is damaged, or it does not fit.
    """
    if analysis.temporal == "default":
        return _overlapping(_default(backbone_sha256, analysis, device), analysis)
    method = load_temporal(analysis, device)
    require_fit(method, backbone_sha256)
    return method


def load_temporal(analysis: Analysis, device: Device) -> TemporalMethod:
    """The temporal method that `analysis.temporal` names, or whose file it is; not "default".

    Raises:
        UsageError: There is none, it is damaged, or it does not fit the settings.
    """
    return _overlapping(_load(analysis, device), analysis)


def require_fit(method: TemporalMethod, backbone_sha256: str) -> None:
    """Refuse a method that was trained on another backbone's embeddings.

    Raises:
        UsageError: It was.
    """
    if method.backbone_sha256 not in (None, backbone_sha256):
        raise UsageError(
            f"The temporal method {method.name} was trained on the embeddings of another backbone "
            f"(sha256 {method.backbone_sha256[:12]}…, not {backbone_sha256[:12]}…): name that "
            "backbone, or another method."
        )


def _overlapping(method: TemporalMethod, analysis: Analysis) -> TemporalMethod:
    return Averaged(method, analysis) if analysis.overlap == "average" else method


def _default(backbone_sha256: str, analysis: Analysis, device: Device) -> TemporalMethod:
    if any(getattr(analysis, name) != getattr(Analysis, name) for name in _OF_CNN_S):
        return CnnS.of(analysis)
    method = load_learnt(resolve("default", "temporal"), device)
    try:
        require_settings(method, analysis)
        require_fit(method, backbone_sha256)
    except UsageError:
        return CnnS.of(analysis)
    return method


def _load(analysis: Analysis, device: Device) -> TemporalMethod:
    name = analysis.temporal
    if name == CnnW.name:
        return CnnW()
    if name == CnnS.name:
        return CnnS.of(analysis)
    _require_known(name)
    method = load_learnt(resolve(name, "temporal"), device)
    require_settings(method, analysis)
    return method


def _require_known(name: str) -> None:
    catalogued = [model.name for model in MODELS if model.task == "temporal"]
    if name in catalogued or find_own(name, "temporal") or Path(name).is_file():
        return
    if name in TRAINED:
        raise UsageError(
            f"No weights of {name} come with streamfer: train some, with `python -m "
            "trainers.temporal.train`, and name their file."
        )
    methods = dict.fromkeys((CnnW.name, CnnS.name, *TRAINED, *catalogued))
    raise UsageError(
        f"There is no temporal method {name!r}: it is neither a file nor one of "
        f"{', '.join(methods)}."
    )
