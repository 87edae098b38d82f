import pytest

from streamfer.config import Analysis
from streamfer.emotion.temporal.load import load_temporal
from streamfer.errors import UsageError


def test_the_default_method_needs_no_weights_and_no_context():
    method = load_temporal(Analysis(), "cpu")

    assert (method.name, method.sha256, method.context_s) == ("cnn-s", None, 0)


def test_an_unknown_method_is_refused_with_the_known_one():
    with pytest.raises(UsageError, match=r"no temporal method 'hmm'; there is: cnn-s"):
        load_temporal(Analysis(temporal="hmm"), "cpu")
