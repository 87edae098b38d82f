import torch
from torch.nn import functional

from trainers.backbone.augment import augment, mixup


def test_shape_type_and_range_are_kept():
    torch.manual_seed(0)
    faces = torch.randint(0, 256, (64, 48, 48), dtype=torch.uint8)
    changed = augment(faces)
    assert changed.shape == (64, 1, 48, 48)
    assert changed.dtype == torch.float32
    assert changed.min() >= 0
    assert changed.max() <= 255
    assert (changed[:, 0] != faces).flatten(1).any(1).all()


def test_the_same_seed_gives_the_same_faces():
    faces = torch.randint(0, 256, (8, 48, 48), dtype=torch.uint8)
    torch.manual_seed(5)
    first = augment(faces)
    torch.manual_seed(5)
    assert torch.equal(augment(faces), first)


def test_every_face_stays_in_its_row():
    torch.manual_seed(1)
    white = torch.rand(256) < 0.5
    faces = torch.where(white, 255, 0).to(torch.uint8).view(-1, 1, 1).expand(-1, 48, 48)
    assert torch.equal(augment(faces).mean((1, 2, 3)) > 127, white)


def test_every_second_face_is_mirrored():
    torch.manual_seed(2)
    faces = torch.zeros(1000, 48, 48, dtype=torch.uint8)
    faces[:, :, 24:] = 200
    changed = augment(faces)
    mirrored = changed[..., :24].mean((1, 2, 3)) > changed[..., 24:].mean((1, 2, 3))
    assert 0.45 < mirrored.float().mean() < 0.55


def test_mixup_blends_targets_as_it_blends_faces():
    torch.manual_seed(3)
    labels = torch.arange(70) % 7
    faces = (30.0 * labels).view(-1, 1, 1, 1).expand(-1, 1, 48, 48)
    mixed, targets = mixup(faces, functional.one_hot(labels, 7).float(), alpha=1.0)
    assert torch.allclose(mixed.mean((1, 2, 3)), targets @ (30.0 * torch.arange(7)), atol=1e-2)
    assert torch.allclose(targets.sum(1), torch.ones(70))
    assert (targets.max(1).values < 0.95).sum() > 30
