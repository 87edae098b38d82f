"""The study's steps: done once, kept, and never the end of the others.

What a step gives lies in the report's folder, and beside it in `work/` what it was made from: the
same command goes on after it was stopped, and does again only what would now be made otherwise.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from streamfer.errors import InputError, UsageError
from streamfer.store.durable import write_file
from trainers import predictions
from trainers.predictions import Predictions

Result = TypeVar("Result")

# The folders of an absolute path, all but its last part.
_FOLDERS = r"(?<![\w.~:/-])~?/(?:[^/\s:;,'\"()]+/)+"


class Work:
    """The steps of the study of the corpora in `root` whose report goes to the folder `out`.

    say: is told of each step, one line. failed: the steps that ended badly, and why.
    """

    def __init__(self, root: Path, out: Path, say: Callable[[str], None]) -> None:
        self._private = re.compile(f"{re.escape(str(root))}/|{_FOLDERS}")
        self.folder = out / "work"
        self.failed: dict[str, str] = {}
        self._predictions = out / "predictions"
        self._say = say
        self.folder.mkdir(parents=True, exist_ok=True)
        self._predictions.mkdir(exist_ok=True)

    def predictions(
        self, name: str, given: Mapping[str, Any], make: Callable[[], Predictions]
    ) -> Predictions | None:
        """What a model said; kept as `predictions/name.parquet`. None: the step failed."""
        path = self._predictions / f"{file_name(name)}.parquet"

        def write() -> Predictions:
            made = make()
            made.write(path)
            return made

        return self._step(name, given, path, write, predictions.read)

    def figures(self, name: str, given: Mapping[str, Any], make: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Whatever JSON can hold; kept as `work/name.figures.json`. None: the step failed."""
        path = self.folder / f"{file_name(name)}.figures.json"

        def write() -> Any:  # noqa: ANN401
            made = make()
            path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
            return made

        return self._step(name, given, path, write, lambda kept: json.loads(kept.read_text()))

    def file(
        self, name: str, given: Mapping[str, Any], path: Path, write: Callable[[Path], None]
    ) -> Path | None:
        """A file that `write` puts at `path`, in a folder that there will be. None: it failed."""

        def make() -> Path:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path)
            return path

        return self._step(name, given, path, make, lambda kept: kept)

    def attempt(self, name: str, make: Callable[[], Result]) -> Result | None:
        """Do a step that keeps its own results. None: it failed."""
        try:
            return make()
        except (InputError, UsageError) as error:
            self.failed[name] = self.told(error)
        except Exception as error:  # noqa: BLE001 - a defect in one step must not lose the others
            trace = self.folder / f"{file_name(name)}.error.txt"
            trace.write_text(traceback.format_exc(), encoding="utf-8")
            self.failed[name] = (
                f"a defect: {type(error).__name__}: {self.told(error)} (see work/{trace.name})"
            )
        self._say(f"{name}: failed: {self.failed[name]}")
        return None

    def told(self, error: Exception) -> str:
        """An error's message for who reads the report: no business of theirs is where files lie.

        Of a path below the corpora stays what is below, of others the last part.
        """
        return self._private.sub("…/", str(error))

    def _step(
        self,
        name: str,
        given: Mapping[str, Any],
        path: Path,
        make: Callable[[], Result],
        read: Callable[[Path], Result],
    ) -> Result | None:
        """What `make` gives and leaves at `path`, or what it left there of the same `given`."""
        record = self.folder / f"{file_name(name)}.json"
        made_from = json.dumps(given, indent=1, sort_keys=True, default=str).encode()
        if path.exists() and record.exists() and record.read_bytes() == made_from:
            self._say(f"{name}: was done before")
            return read(path)
        self._say(f"{name} …")
        record.unlink(missing_ok=True)

        def do() -> Result:
            made = make()
            write_file(record, made_from)  # from now on it counts as done
            return made

        return self.attempt(name, do)


def file_name(name: str) -> str:
    """A step's name, which may hold a corpus's, as the name of a file."""
    return quote(name, safe=" ").replace(" ", "-")


def digest(lines: Mapping[str, Any] | list[Any]) -> str:
    """Sha256 of what JSON can hold, short: for telling whether something is the same."""
    return sha256(json.dumps(lines, sort_keys=True, default=str).encode()).hexdigest()[:16]
