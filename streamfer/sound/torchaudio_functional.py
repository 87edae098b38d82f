"""torchaudio's signal processing, beside any build of torch.

`import torchaudio` loads a compiled extension. In the wheel of the registry that extension is
linked with CUDA, so beside a torch for processors only, the import fails with an OSError. There
is no switch to leave it out (2.11), and a wheel without CUDA is on another index. But the
functions for resampling and spectra are plain torch; the extension serves others (alignment,
the RNN-T loss, a faster recursive filter). torchaudio itself knows the case that it was built
without one: `torchaudio._extension` then only says so. That answer is given here in its place,
while `torchaudio.functional`, and nothing else of the package, is imported.

The modules are then taken out of `sys.modules` again: whoever imports torchaudio elsewhere in
the process gets what he would have got. Beside a torch with CUDA the same happens, so results
do not depend on the build.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType

_NAME = "torchaudio"


def _load() -> ModuleType:
    spec = importlib.util.find_spec(_NAME)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError("Sound needs torchaudio: run `pip install torchaudio`.")
    package = ModuleType(_NAME)
    package.__path__ = list(spec.submodule_search_locations)
    extension = ModuleType(f"{_NAME}._extension")
    vars(extension).update(_IS_TORCHAUDIO_EXT_AVAILABLE=False, fail_if_no_align=lambda f: f)
    others = _take_out()
    sys.modules |= {package.__name__: package, extension.__name__: extension}
    try:
        return importlib.import_module(f"{_NAME}.functional")
    finally:
        _take_out()
        sys.modules |= others


def _take_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] == _NAME]
    return {name: sys.modules.pop(name) for name in names}


functional = _load()
"""The module `torchaudio.functional`."""
