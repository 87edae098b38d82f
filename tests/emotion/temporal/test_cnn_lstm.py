import pytest
import torch
from torch import Tensor, nn

from streamfer.emotion.temporal.cnn_gru import CnnGru
from streamfer.emotion.temporal.cnn_lstm import CnnLstm
from tests.emotion.temporal.random_networks import random_network, random_windows, tensors

both = pytest.mark.parametrize("method", ["cnn-lstm", "cnn-gru"])


def test_it_has_the_keys_and_the_number_of_parameters_of_the_authors_file():
    net = CnnLstm()

    assert {key: tuple(weight.shape) for key, weight in net.state_dict().items()} == {
        "lstm1.weight_ih_l0": (2048, 512),
        "lstm1.weight_hh_l0": (2048, 512),
        "lstm1.bias_ih_l0": (2048,),
        "lstm1.bias_hh_l0": (2048,),
        "lstm2.weight_ih_l0": (1024, 512),
        "lstm2.weight_hh_l0": (1024, 256),
        "lstm2.bias_ih_l0": (1024,),
        "lstm2.bias_hh_l0": (1024,),
        "fc.weight": (7, 256),
        "fc.bias": (7,),
    }
    assert sum(weight.numel() for weight in net.parameters()) == 2_891_527


def unrolled(net: CnnLstm, embeddings: Tensor) -> Tensor:
    """What the equations of the LSTM give (Hochreiter & Schmidhuber 1997), step by step."""
    steps = list(embeddings.unbind(1))
    for layer in (net.lstm1, net.lstm2):
        hidden = cell = torch.zeros(len(embeddings), layer.hidden_size)
        for t, x in enumerate(steps):
            gates = x @ layer.weight_ih_l0.T + layer.bias_ih_l0
            gates = gates + hidden @ layer.weight_hh_l0.T + layer.bias_hh_l0
            admit, forget, new, show = gates.chunk(4, dim=1)
            cell = forget.sigmoid() * cell + admit.sigmoid() * new.tanh()
            hidden = show.sigmoid() * cell.tanh()
            steps[t] = hidden
    return steps[-1] @ net.fc.weight.T + net.fc.bias


def test_two_layers_read_the_window_and_the_last_step_is_classified():
    net = random_network("cnn-lstm")
    embeddings, present = tensors(random_windows(5))
    with torch.inference_mode():
        torch.testing.assert_close(
            net(embeddings, present), unrolled(net, embeddings), rtol=0, atol=1e-4
        )


@both
def test_what_stands_where_no_face_is_does_not_matter(method: str):
    net = random_network(method)
    embeddings, present = tensors(random_windows(6))
    noise = embeddings + (1 - present).unsqueeze(2) * torch.rand(6, 10, 512)
    with torch.inference_mode():
        assert torch.equal(net(embeddings, present), net(noise, present))
        assert not torch.equal(net(embeddings, present), net(noise, torch.ones_like(present)))


@both
def test_the_order_of_faces_matters(method: str):
    net = random_network(method)
    embeddings, present = tensors(random_windows(6))
    with torch.inference_mode():
        backwards = net(embeddings.flip(1), present.flip(1))
        assert (net(embeddings, present) - backwards).abs().amax(1).min() > 0.1


@both
def test_a_fifth_is_dropped_after_each_layer_in_training_alone(method: str):
    net = random_network(method)
    dropped = []
    net.dropout.register_forward_hook(lambda _, x, y: dropped.append((x[0], y)))
    windows = tensors(random_windows(20))
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(0)
        net(*windows)
        net.train()
        net(*windows)
    shapes = [(20, 10, 512), (20, 256)]
    assert [tuple(x.shape) for x, _ in dropped] == shapes * 2
    for x, y in dropped[:2]:
        assert torch.equal(x, y)
    for _, y in dropped[2:]:
        assert (y == 0).float().mean().item() == pytest.approx(0.2, abs=0.03)


def test_the_gru_has_a_quarter_less_to_learn_in_its_layers():
    def recurrent(net: nn.Module) -> int:
        return sum(x.numel() for name, x in net.named_parameters() if not name.startswith("fc"))

    assert recurrent(CnnGru()) * 4 == recurrent(CnnLstm()) * 3
