"""The two ways in which heat is computed; apart, so that `--help` need not wait for torch."""

from enum import StrEnum


class Method(StrEnum):
    """How heat is computed.

    Grad-CAM (Selvaraju et al. 2017), which the paper uses, adds up the last maps, each weighted by
    its mean gradient. Those of a small network are few: the default one has 3 x 3. LayerCAM (Jiang
    et al. 2021) weights each place by its own gradient where that is positive, and can therefore
    read maps before the last, which are finer.
    """

    GRAD_CAM = "grad-cam"
    LAYER_CAM = "layer-cam"

    @property
    def label(self) -> str:
        """What people call it."""
        return {"grad-cam": "Grad-CAM", "layer-cam": "LayerCAM"}[self]
