"""Random weights for the paper's backbone, whose own file is not for everybody to have."""

from pathlib import Path

import torch

from streamfer.emotion.emo_affectnet import ResNet50


def random_net(neurons: int = 512) -> ResNet50:
    """A network whose batch norms have seen something; always the same one."""
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = ResNet50(neurons)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for values, low, high in (
                (module.weight.data, 0.7, 1.3),
                (module.bias.data, -0.2, 0.2),
                (module.running_mean, -0.1, 0.1),
                (module.running_var, 0.5, 1.5),
            ):
                values.uniform_(low, high, generator=generator)
    return net.eval()


def write_random_weights(path: Path) -> Path:
    """The file that `torch.save` makes of its state dict."""
    torch.save(random_net().state_dict(), path)
    return path
