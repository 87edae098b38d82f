import torch

from streamfer.emotion.temporal.late_fusion import LateFusion
from tests.emotion.temporal.random_networks import random_network, random_windows, tensors


def test_an_untrained_one_says_what_the_face_says():
    face = random_network("cnn-svm")
    windows = tensors(random_windows(4, hears=True))
    with torch.inference_mode():
        found = LateFusion(face, torch.randn(128), torch.rand(128) + 1)(*windows)
        torch.testing.assert_close(found, face(*windows[:2]))


def test_sound_adds_its_logits_in_proportion_to_how_much_was_heard():
    net = random_network("cnn-svm", listens=True)
    embeddings, present, sound, heard = tensors(random_windows(5, hears=True))
    heard[0] = 0
    with torch.inference_mode():
        found = net(embeddings, present, sound, heard)
        face = net.face(embeddings, present)

        torch.testing.assert_close(found[0], face[0], rtol=0, atol=0)
        for row in range(1, 5):
            standardised = (sound[row] - net.mean) / net.scale
            told = net.sound.weight @ standardised + net.sound.bias
            assert told.abs().max() > 0.1
            torch.testing.assert_close(found[row], face[row] + heard[row] * told)
