import torch

from streamfer.emotion.temporal.cnn_lstm_a import Attention, CnnLstmA
from tests.emotion.temporal.random_networks import random_network, random_windows, tensors


def test_weights_are_those_of_yang_et_al_over_the_samples_with_a_face():
    generator = torch.Generator().manual_seed(0)
    attention = Attention(16)
    steps = torch.randn(30, 10, 16, generator=generator)
    present = (torch.rand(30, 10, generator=generator) < 0.5).float()
    present[:, 3] = 1

    with torch.inference_mode():
        weights = attention(steps, present)

        for found, window, seen in zip(weights, steps, present.bool(), strict=True):
            u = torch.tanh(attention.hidden(window[seen]))
            importance = torch.exp(u @ attention.context.weight[0])
            expected = importance / importance.sum() * seen.sum()
            torch.testing.assert_close(found[seen], expected)
            assert (found[~seen] == 0).all()


def test_equal_weights_change_nothing():
    net = random_network("cnn-lstm-a")
    torch.nn.init.zeros_(net.attention.context.weight)
    read = []
    net.lstm2.register_forward_pre_hook(lambda _, x: read.append(x[0]))
    net.dropout.register_forward_hook(lambda _, __, y: read.append(y))
    embeddings, present = tensors(random_windows(4))
    with torch.inference_mode():
        net(embeddings, present)

    normalised, weighed = read[:2]
    torch.testing.assert_close(weighed, normalised * present.unsqueeze(2))


def test_each_lstm_is_followed_by_batch_norm_and_then_by_dropout():
    net = CnnLstmA().train()
    order = []
    for name in ("lstm1", "batch_norm1", "dropout", "attention", "lstm2", "batch_norm2", "fc"):
        net.get_submodule(name).register_forward_pre_hook(
            lambda _, __, name=name: order.append(name)
        )
    net(*tensors(random_windows(6)))

    assert order == [
        *("lstm1", "batch_norm1", "dropout", "attention"),
        *("lstm2", "batch_norm2", "dropout", "fc"),
    ]
    assert (net.batch_norm1.num_features, net.batch_norm2.num_features) == (512, 256)


def test_a_face_that_matters_more_changes_more():
    """The second LSTM reads what the attention to the first lets through."""
    net = random_network("cnn-lstm-a")
    embeddings, present = tensors(random_windows(8))
    with torch.inference_mode():
        before = net(embeddings, present)
        net.attention.context.weight *= 50
        assert (net(embeddings, present) - before).abs().amax(1).min() > 0.05
