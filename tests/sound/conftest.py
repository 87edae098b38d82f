"""What the tests of this room share."""

import pytest

from streamfer.sound.speech import SpeechDetector, load_speech_detector


@pytest.fixture(scope="session")
def detector() -> SpeechDetector:
    return load_speech_detector()
