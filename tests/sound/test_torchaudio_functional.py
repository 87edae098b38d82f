"""torchaudio's functions are there beside any torch, and nobody else notices."""

import subprocess
import sys

SCRIPT = """
import sys
def attempt():
    try:
        import torchaudio
        from torchaudio import functional
    except OSError:
        result = "OSError"
    else:
        result = functional.resample.__module__, torchaudio._extension._IS_TORCHAUDIO_EXT_AVAILABLE
    here = {name for name in sys.modules if name.startswith("torchaudio")}
    return result, here
import torch
if sys.argv[1] == "others first":
    before = attempt()
    loaded = sys.modules.get("torchaudio")
from streamfer.sound.torchaudio_functional import functional
if sys.argv[1] == "others first":
    assert sys.modules.get("torchaudio") is loaded
else:
    assert not any(name.partition(".")[0] == "torchaudio" for name in sys.modules)
after = attempt()
functional.resample(torch.ones(441), 441, 160)
functional.spectrogram(torch.ones(400), 0, torch.ones(400), 400, 160, 400, 2.0, False)
print(after if sys.argv[1] != "others first" else (before == after))
"""


def run(order: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, order], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_it_works_and_leaves_no_module_behind():
    assert run("we first")


def test_others_get_what_they_got_before():
    assert run("others first") == "True"
