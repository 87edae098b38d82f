"""What README.md and docs/ show exists, and the tutorial gives what it says it gives."""

import contextlib
import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

import streamfer
from tests.cli.ray_nodes import installed
from tests.commands import ROOT, check, commands
from tests.conftest import Demo

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TUTORIAL = ROOT / "docs" / "tutorial.md"
RESPONSIBLE_USE = ROOT / "docs" / "responsible-use.md"
ADDING_A_MODEL = ROOT / "docs" / "adding-a-model.md"


class Block(NamedTuple):
    """A fenced piece of a page."""

    kind: str
    text: str


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> list[Block]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", read(page), re.DOTALL | re.MULTILINE)
    return [Block(*block) for block in found]


def prose(page: Path) -> str:
    """The page without its fenced pieces."""
    return re.sub(r"^```.*?^```$", "", read(page), flags=re.DOTALL | re.MULTILINE)


def shell(page: Path) -> list[list[str]]:
    """Our commands on a page: in shell blocks, and in what four spaces set apart."""
    ours = r"(?:streamfer|python -m trainers) (?:.*\\\n)*.*$"
    fenced = [block.text for block in blocks(page) if block.kind in ("", "sh")]
    indented = "\n".join(re.findall(rf"^    ({ours})", prose(page), re.MULTILINE))
    text = "\n".join([*fenced, indented]).replace(" && ", "\n")
    lines = "\n".join(re.findall(rf"^{ours}", text, re.MULTILINE))
    return commands(lines)


def anchors(page: Path) -> set[str]:
    """The names by which GitHub knows the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_of_a_page_is_one_that_there_is(page: Path, tmp_path: Path):
    with contextlib.chdir(tmp_path):
        for words in shell(page):
            for word in words:
                if re.fullmatch(r"[A-Za-z][\w.-]+", word):
                    Path(word).touch()  # some must be there for a command to be taken
            check(words)


def test_commands_are_found_however_a_page_shows_them():
    shown = {name(page): len(shell(page)) for page in PAGES}
    assert shown["README.md"] >= 5
    assert shown["docs/models.md"] >= 7
    assert shown["docs/tutorial.md"] >= 9
    assert shown["docs/corpora.md"] >= 3


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_of_a_page_leads_somewhere(page: Path):
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_the_index_has_every_page():
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link).resolve() for link in re.findall(r"\]\((.*?)\)", read(index))}
    assert set(PAGES) - {ROOT / "README.md", index} <= linked


def same(shown: str, printed: str) -> bool:
    """Whether two lines agree, but for lines drawn and the last digits of numbers."""
    ours, theirs = (line.split() for line in (shown, printed))
    return len(ours) == len(theirs) and all(map(_same_word, ours, theirs))


def _same_word(shown: str, printed: str) -> bool:
    try:
        return float(printed.strip("(,")) == pytest.approx(
            float(shown.strip("(,")), rel=0.03, abs=0.03
        )
    except ValueError:
        return shown == printed


def test_lines_agree_but_for_last_digits():
    assert same("3  happiness  0.82   10", "3 happiness 0.81 10")
    assert not same("3 happiness 0.82 10", "3 happiness 0.72 10")
    assert not same("3 happiness 0.82 10", "2 happiness 0.82 10")
    assert not same("3 happiness 0.82 10", "3 sadness 0.82 10")


def assert_shown(shown: str, printed: str) -> None:
    """Each line that the page shows was printed, in this order; others may lie between."""
    lines = iter(printed.splitlines())
    for line in shown.splitlines():
        assert any(same(line, other) for other in lines), f"{line}\nis not in\n{printed}"


@pytest.fixture(scope="module")
def followed(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder of somebody who followed the tutorial, and the environment they did it in."""
    folder = tmp_path_factory.mktemp("tutorial")
    environment = installed(tmp_path_factory.mktemp("bin") / "bin")
    (folder / "streamfer-demo").mkdir()
    shutil.copy(demo.path, folder / "streamfer-demo")  # so that it need not be made once more
    printed = ""
    with contextlib.chdir(folder):
        names: dict[str, object] = {}
        for block in blocks(TUTORIAL):
            if block.kind == "sh" and not block.text.startswith("pip "):  # CI installs it
                ran = subprocess.run(
                    ["bash", "-c", block.text],
                    env=environment,
                    text=True,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    check=False,
                    timeout=240,
                )
                assert ran.returncode == (3 if "failed broken.mp4" in ran.stdout else 0), ran
                printed += ran.stdout
            elif block.kind == "sql":
                Path("question.sql").write_text(block.text, encoding="utf-8")
            elif block.kind == "python":
                with contextlib.redirect_stdout(io.StringIO()) as out:
                    exec(block.text, names)
                printed += out.getvalue()
            elif block.kind == "text":
                assert_shown(block.text, printed)
                printed = ""
    return folder, environment


@pytest.mark.timeout(600)  # half a minute of processor time, whoever else uses the processor
def test_who_follows_the_tutorial_sees_what_it_shows(followed: tuple[Path, dict[str, str]]):
    folder, _ = followed
    for made in ("report.html", "marked.mp4", "annotations/meeting.mp4.eaf"):
        assert (folder / made).stat().st_size > 1000
    assert not (folder / "videos" / "broken.mp4").exists()


@pytest.mark.timeout(600)
def test_a_person_is_deleted_as_the_page_says(followed: tuple[Path, dict[str, str]]):
    folder, environment = followed
    kinds = ("timelines", "episodes", "tracks", "frames")
    out = str(folder / "timelines.parquet")
    before = {kind: streamfer.read(out, kind, to="pandas") for kind in kinds}
    (code,) = (block.text for block in blocks(RESPONSIBLE_USE) if block.kind == "python")
    after_it = [block.text for block in blocks(RESPONSIBLE_USE) if block.kind == "sh"][-1]
    with contextlib.chdir(folder):
        exec(code, {})
        subprocess.run(["bash", "-e", "-c", after_it], env=environment, check=True, timeout=60)
    assert not (folder / "timelines.parquet.work").exists()
    for kind, rows in before.items():
        left = streamfer.read(out, kind, to="pandas")
        assert set(rows["track_id"]) - set(left["track_id"]) == {3, 5}
        kept = rows[~rows["track_id"].isin([3, 5])]
        assert left.equals(kept.reset_index(drop=True))


def test_a_network_made_as_the_page_says_is_a_backbone(tmp_path: Path, demo: Demo):
    (code,) = (block.text for block in blocks(ADDING_A_MODEL) if block.kind == "python")
    with contextlib.chdir(tmp_path), contextlib.redirect_stdout(io.StringIO()) as out:
        exec(code, {})
        settings = streamfer.Analysis(backbone="my-net.onnx", temporal="cnn-s")
        rows = streamfer.analyse(str(demo.path), settings)
    assert out.getvalue() == "Crop(size=112, aligned=True)\n"
    assert len(rows)
