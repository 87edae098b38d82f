import pytest

from streamfer.errors import UsageError
from trainers.backbone.paper.experiments import EXPERIMENTS
from trainers.study.settings import Study, load, plain, told


@pytest.fixture
def toml(tmp_path):
    def write(text):
        path = tmp_path / "study.toml"
        path.write_text(text)
        return path

    return write


def test_flags_lie_over_the_file_and_the_file_over_the_profile(toml):
    file = toml(
        'profile = "released"\nmethods = ["CNN-W", "CNN-LSTM"]\nbackbone = "default"\n'
        "[temporal]\nsvm_c = 2\n[temporal.fit]\nepochs = 3\n[analysis]\nmin_score = 0.9\n"
    )
    study = load(file, {"backbone": "mine.onnx", "methods": None, "experiments": (1,)})
    assert study.backbone == "mine.onnx"
    assert study.methods == ("CNN-W", "CNN-LSTM")
    assert study.experiments == (1,)
    assert (study.temporal.gaps, study.temporal.dropout) == ("repeat", 0.5)  # the profile's
    assert (study.temporal.svm_c, study.temporal.fit.epochs) == (2, 3)
    assert study.temporal.fit.lr == 1e-4
    assert study.analysis.min_score == 0.9


def test_nothing_given_is_the_papers_study():
    study = load(None, {})
    assert study == Study()
    assert study.temporal.smoothing == "71 frames"
    assert study.experiments == tuple(range(1, 10))


def test_experiments_take_the_profile_and_what_is_given_for_all(toml):
    file = toml(
        'profile = "released"\nbackbone = "default"\n'
        "[training]\nside = 64\n[training.fit]\nepochs = 2\n"
    )
    settings = load(file, {}).experiment(5, EXPERIMENTS[5])
    assert (settings.dropout, settings.resize) == (0.5, "nearest")
    assert (settings.side, settings.fit.epochs) == (64, 2)
    assert (settings.fit.schedule, settings.mixup) == ("cosine", False)  # its own
    assert Study().experiment(5, EXPERIMENTS[5]) == EXPERIMENTS[5]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("epochs = 3", "there is no setting 'epochs'"),
        ("[temporal.fit]\nepoch = 3", "temporal, fit: there is no setting 'epoch'"),
        ("seed = 'x'", "seed cannot be 'x'"),
        ("seed = true", "seed cannot be True"),
        ("cross_validation = 1", "cross_validation cannot be 1"),
        ("experiments = [10]", "experiments holds 10"),
        ("experiments = ['x']", "experiments cannot be"),
        ("methods = ['cnn']", "methods holds cnn"),
        ("experiments = [1, 2]", "'experiment 9', which is not among the experiments to run"),
        ("profile = 'mine'", "choose paper or released"),
        ("[temporal]\ndropout = 2", "dropout is 2"),
        ("temporal = 3", "temporal cannot be 3"),
        ("a = = 1", "not valid TOML"),
    ],
)
def test_mistakes_are_named(toml, text, told):
    with pytest.raises(UsageError, match=told):
        load(toml(text), {})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.toml cannot be read"):
        load(tmp_path / "gone.toml", {})


def test_mistakes_in_training_are_named_with_the_experiment(toml):
    with pytest.raises(UsageError, match=r"training \(experiment 1\): there is no setting 'sides'"):
        load(toml("[training]\nsides = 64\n"), {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('backbone = "experiment 7"', "a vgg-16 with 512 neurons"),
        ('backbone = "experiment 8"', "a mobilenet-v2 with"),
        ("[training]\nside = 48", "pictures of side 48"),
        ("[training]\nneurons = 256", "with 256 neurons"),
    ],
)
def test_a_backbone_that_streamfer_cannot_take_is_refused_before_days_of_training(toml, text, told):
    with pytest.raises(UsageError, match=f"{told}.*streamfer takes a resnet-50"):
        load(toml(text), {})


def test_a_flag_mends_what_the_file_alone_would_not_allow(toml):
    study = load(
        toml("[training]\nside = 48\n[execution]\nworkers = 3\n"),
        {"backbone": "default", "execution": {"device": "cpu"}},
    )
    assert study.training == {"side": 48}
    assert (study.execution.workers, study.execution.device) == (3, "cpu")


def test_settings_are_told_without_this_machines_folders():
    told = plain(Study(backbone="/home/me/net.pt", detectors={"SSD": "~/x/ssd.onnx"}))
    assert told["backbone"] == "net.pt"
    assert told["detectors.SSD"] == "ssd.onnx"
    assert told["temporal.fit.lr"] == "0.0001"
    assert told["methods"].startswith("CNN-W, CNN-S")


def test_the_report_tells_what_results_depend_on(toml):
    file = toml(
        'experiments = [4, 5, 9]\nbackbone = "default"\n'
        "[training]\nside = 64\n[execution]\nworkers = 3\n"
    )
    settings = told(load(file, {}))
    assert settings["temporal.smoothing"] == "71 frames"
    assert settings["analysis.min_score"] == "0.5"
    assert "analysis.smoothing" not in settings  # that of the windows counts
    assert not any(name.startswith("execution") for name in settings)
    assert settings["experiment 4: side"] == "64"
    assert settings["experiment 4: fit.schedule"] == "constant"
    assert {name for name in settings if name.startswith("experiment 5")} == {
        "experiment 5: fit.schedule"
    }
    assert settings["experiment 9: mixup"] == "True"
