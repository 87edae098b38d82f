"""Table 4 as the paper prints it, and what it says all nine have in common."""

from trainers.backbone.paper.experiments import ADDED, EXPERIMENTS, PRINTED
from trainers.backbone.paper.settings import PROFILES, BackboneSettings

# The rows of Table 4, experiments 1 to 9.
TABLE = """
ResNet-50    + + + + + + - - +
VGG-16       - - - - - - + - -
MobileNet-V2 - - - - - - - + -
FER2013      - + + + + + + + +
l2-reg.      - - + + + + + + +
GN           - - - + + + + + +
CA           - - - - + - - + +
Time-based   - - - - - + - - -
Mixup        - - - - - - - - +
"""


def marks(settings: BackboneSettings) -> dict[str, bool]:
    return {
        "ResNet-50": settings.family == "resnet-50",
        "VGG-16": settings.family == "vgg-16",
        "MobileNet-V2": settings.family == "mobilenet-v2",
        "FER2013": settings.minority,
        "l2-reg.": settings.fit.weight_decay == 1e-4,
        "GN": settings.noise == 0.1,
        "CA": settings.fit.schedule == "cosine" and settings.fit.cycles == 5,
        "Time-based": settings.fit.schedule == "time-based",
        "Mixup": settings.mixup,
    }


def test_the_experiments_are_those_of_table_4():
    for line in TABLE.strip().splitlines():
        name, *printed = line.split()
        assert [marks(EXPERIMENTS[n])[name] for n in range(1, 10)] == [m == "+" for m in printed]


def test_what_is_not_marked_is_off():
    for settings in EXPERIMENTS.values():
        assert settings.fit.weight_decay in (0, 1e-4)
        assert settings.noise in (0, 0.1)
        assert settings.fit.schedule in ("constant", "cosine", "time-based")


def test_all_share_what_section_4_2_says():
    for settings in EXPERIMENTS.values():
        assert settings.affine
        assert settings.contrast
        assert settings.neurons == 512
        assert settings.dropout == 0.2
        assert settings.class_weights == "inverse"
        assert settings.freezing == "none"
        assert settings.side == 224
        fit = settings.fit
        assert (fit.optimiser, fit.batch, fit.epochs, fit.lr) == ("sgd", 64, 30, 1e-4)


def test_every_experiment_has_its_printed_accuracy_and_a_name():
    assert EXPERIMENTS.keys() == PRINTED.keys() == ADDED.keys() == set(range(1, 10))
    # The paper's δ: what each gains over experiment 1.
    deltas = [round(PRINTED[n] - PRINTED[1], 1) for n in range(2, 10)]
    assert deltas == [0.4, 0.8, 1.5, 1.8, 1.1, 1.2, -0.7, 3.6]


def test_the_paper_profile_is_experiment_9():
    assert PROFILES["paper"] == EXPERIMENTS[9]
