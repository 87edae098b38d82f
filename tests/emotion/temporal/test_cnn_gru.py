import torch
from torch import Tensor

from streamfer.emotion.temporal.cnn_gru import CnnGru
from tests.emotion.temporal.random_networks import random_network, random_windows, tensors


def unrolled(net: CnnGru, embeddings: Tensor) -> Tensor:
    """What the equations of the GRU give (Cho et al. 2014), as torch and Keras have them."""
    steps = list(embeddings.unbind(1))
    for layer in (net.gru1, net.gru2):
        hidden = torch.zeros(len(embeddings), layer.hidden_size)
        for t, x in enumerate(steps):
            seen = (x @ layer.weight_ih_l0.T + layer.bias_ih_l0).chunk(3, dim=1)
            kept = (hidden @ layer.weight_hh_l0.T + layer.bias_hh_l0).chunk(3, dim=1)
            reset, update = ((a + b).sigmoid() for a, b in zip(seen[:2], kept[:2], strict=True))
            hidden = (1 - update) * (seen[2] + reset * kept[2]).tanh() + update * hidden
            steps[t] = hidden
    return steps[-1] @ net.fc.weight.T + net.fc.bias


def test_two_layers_read_the_window_and_the_last_step_is_classified():
    net = random_network("cnn-gru")
    assert (net.gru1.hidden_size, net.gru2.hidden_size) == (512, 256)
    embeddings, present = tensors(random_windows(5))
    with torch.inference_mode():
        torch.testing.assert_close(
            net(embeddings, present), unrolled(net, embeddings), rtol=0, atol=1e-4
        )
