import torch
from torch.nn import functional

from trainers.backbone.augment import _compress, _relight, _shrink, augment, mixup


def test_shape_type_and_range_are_kept():
    torch.manual_seed(0)
    faces = torch.randint(0, 256, (64, 48, 48), dtype=torch.uint8)
    changed = augment(faces)
    assert changed.shape == (64, 1, 48, 48)
    assert changed.dtype == torch.float32
    assert changed.min() >= 0
    assert changed.max() <= 255
    assert (changed[:, 0] != faces).flatten(1).any(1).all()


def test_some_faces_lose_resolution_and_some_are_compressed():
    torch.manual_seed(4)
    checks = (torch.arange(96).view(-1, 1) + torch.arange(96)) % 2 * 200
    x = checks.float().expand(320, 1, 96, 96).clone()
    shrunk = torch.cat([_shrink(part.clone(), strength=1.0) for part in torch.split(x, 16)])
    lost = shrunk.std((1, 2, 3)) < 50
    assert lost.view(-1, 16).all(1).sum() == lost.sum() / 16  # groups of 16, together
    assert 0.05 < lost.float().mean() < 0.4
    photograph = torch.rand(320, 1, 16, 16).mul(255).repeat_interleave(6, 2).repeat_interleave(6, 3)
    changes = _compress(photograph.clone(), strength=1.0) - photograph
    compressed = changes.abs().amax((1, 2, 3)) > 5
    assert 0.12 < compressed.float().mean() < 0.3


def test_light_from_one_side_makes_the_other_darker():
    torch.manual_seed(6)
    lit = _relight(torch.full((400, 1, 96, 96), 100.0), strength=1.0)
    slope = (lit[..., 72:].mean((1, 2, 3)) - lit[..., :24].mean((1, 2, 3))).abs()
    assert 0.2 < (slope > 3).float().mean() < 0.35


def test_without_strength_a_face_is_only_mirrored():
    torch.manual_seed(7)
    faces = torch.randint(0, 256, (64, 48, 48), dtype=torch.uint8)
    changed = augment(faces, strength=0.0)[:, 0].round()
    same = (changed == faces).flatten(1).all(1)
    mirrored = (changed == faces.flip(2)).flatten(1).all(1)
    assert (same ^ mirrored).all()


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
