import json

import numpy as np
import pytest
import torch
from torch.nn import functional

from streamfer.errors import InputError
from trainers.backbone import recognition
from trainers.backbone.network import STAGES, ExpressionNet


def stored(folder, monkeypatch):
    """Random weights in the published form; those of one stage as float32, as it has them."""
    generator = np.random.default_rng(0)
    entries, data, tensors = [], b"", {}

    def add(name, shape, low, high):
        nonlocal data
        if name.startswith("conv64") and name.endswith("filters"):
            values = generator.uniform(low, high, shape).astype("<f4")
            entries.append({"name": name, "shape": shape})
            data += values.tobytes()
        else:
            codes = generator.integers(0, 256, shape, np.uint8)
            scale = (high - low) / 255
            entries.append(
                {"name": name, "shape": shape, "quantization": {"scale": scale, "min": low}}
            )
            data += codes.tobytes()
            values = codes.astype(np.float32) * np.float32(scale) + np.float32(low)
        tensors[name] = torch.from_numpy(values)

    def layer(name, size, inputs, outputs):
        add(f"{name}/conv/filters", [size, size, inputs, outputs], -0.05, 0.05)
        add(f"{name}/conv/bias", [outputs], -0.1, 0.1)
        add(f"{name}/scale/weights", [outputs], 0.5, 1.5)
        add(f"{name}/scale/biases", [outputs], -0.5, 0.5)

    layer("conv32_down", 7, 3, 32)
    inputs = 32
    for stage, (channels, count) in enumerate(STAGES):
        for index in range(count):
            if stage == 0:
                name = f"conv{channels}_{index + 1}"
            else:
                name = f"conv{channels}_{index or 'down'}"
            layer(f"{name}/conv1", 3, inputs, channels)
            layer(f"{name}/conv2", 3, channels, channels)
            inputs = channels
    (folder / "face_recognition_model.bin").write_bytes(data)
    manifest = [{"weights": entries}]
    (folder / "face_recognition_model-weights_manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(recognition, "SHA256", recognition.hashlib.sha256(data).hexdigest())
    return tensors


def test_numbers_are_read_as_they_were_stored(tmp_path, monkeypatch):
    tensors = stored(tmp_path, monkeypatch)
    read = recognition.read(tmp_path)
    assert read.keys() == tensors.keys()
    assert all(torch.allclose(read[name], tensors[name], atol=1e-6) for name in tensors)


def test_the_network_starts_as_the_function_that_the_weights_are(tmp_path, monkeypatch):
    """The first two layers by hand, for three equal colours; then the statistics are its own."""
    tensors = stored(tmp_path, monkeypatch)
    faces = torch.rand(16, 1, 96, 96, generator=torch.Generator().manual_seed(0)) * 255
    net = ExpressionNet()
    recognition.initialise(net, tmp_path, faces)

    def affine(name, x, **how):
        filters = tensors[f"{name}/conv/filters"].permute(3, 2, 0, 1)
        y = functional.conv2d(x, filters, tensors[f"{name}/conv/bias"], **how)
        scale, shift = (
            tensors[f"{name}/scale/{key}"].view(-1, 1, 1) for key in ("weights", "biases")
        )
        return y * scale + shift

    colours = ((faces - 117.3) / 256).expand(-1, 3, -1, -1)
    expected = affine("conv32_down", colours, stride=2, padding=3)
    stem = net.norm(net.stem((faces - 117.3) / 256))
    assert torch.allclose(stem, expected, atol=1e-3)
    x = torch.rand(4, 64, 12, 12, generator=torch.Generator().manual_seed(1))
    second = net.blocks[4]
    y = affine("conv64_1/conv2", torch.relu(affine("conv64_1/conv1", x, padding=1)), padding=1)
    assert torch.allclose(second(x), torch.relu(x + y), atol=1e-3)
    moments = net.norm.running_var
    assert torch.allclose(moments, net.stem((faces - 117.3) / 256).var((0, 2, 3)), rtol=1e-3)


def test_other_files_are_refused(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="lacks"):
        recognition.read(tmp_path)
    stored(tmp_path, monkeypatch)
    with (tmp_path / "face_recognition_model.bin").open("ab") as file:
        file.write(b"more")
    with pytest.raises(InputError, match="published"):
        recognition.read(tmp_path)
