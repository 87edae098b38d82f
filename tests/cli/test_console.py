import pytest

from streamfer.cli.console import duration, printable


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (41.6, "42 s"),
        (59.4, "59 s"),
        (59.5, "1 min 00 s"),
        (60, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (7530, "2 h 05 min"),
        (86_400 * 3, "72 h 00 min"),
    ],
)
def test_durations_are_as_a_person_writes_them(seconds: float, text: str):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('plain it\'s a "clip".mp4', 'plain it\'s a "clip".mp4'),
        ("Großmutter 映像 😀.mp4", "Großmutter 映像 😀.mp4"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("turned \N{RIGHT-TO-LEFT OVERRIDE}4pm.exe", "turned \\u202e4pm.exe"),
        ("caf\udce9.mp4", "caf\\udce9.mp4"),
    ],
)
def test_what_moves_the_screen_is_written_out(name: str, shown: str):
    assert printable(name) == shown
    printable(name).encode()
