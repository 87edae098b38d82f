from pathlib import Path

import pytest

from streamfer.errors import UsageError
from streamfer.faces.detector import load_detector


def test_the_default_detector_says_what_it_is() -> None:
    detector = load_detector("default")
    assert detector.name == "centerface"
    assert len(bytes.fromhex(detector.sha256)) == 32
    assert detector.runtime == "onnxruntime-cpu-fp32"


def test_an_unknown_name_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no-such-detector"):
        load_detector("no-such-detector")


def test_a_file_that_is_no_network_is_a_usage_error(tmp_path: Path) -> None:
    file = tmp_path / "holiday.onnx"
    file.write_bytes(b"not a network")
    with pytest.raises(UsageError, match=r"holiday\.onnx"):
        load_detector(str(file))
