"""The report as one HTML file that loads nothing: styles, scripts and data are in it.

Its Content-Security-Policy lets a browser run only the two scripts that are in it, told by their
hashes, and load nothing at all but the pictures in it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib.resources import files

from streamfer.places import Place
from streamfer.report.page import build
from streamfer.report.tables import Run
from streamfer.store.folders import folder

LARGEST = 19_000_000
"""Bytes that a report keeps within, by showing long tracks more coarsely."""

_SCRIPTS = ("format", "tracks", "stage", "band", "video", "compare", "overview")


def write_report(run: Run, title: str, out: Place) -> int:
    """Put the report of a run at `out`, in one step; returns its size in bytes.

    Raises FatalError if the disk refuses.
    """
    assets = files("streamfer.report") / "assets"
    plotly = (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    script = "\n".join((assets / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    index, parts = build(run, title, LARGEST - len(plotly.encode()))
    policy = [
        "default-src 'none'",
        f"script-src {_hash(script)} {_hash(plotly)}",
        "style-src 'unsafe-inline'",  # plotly writes styles of its own
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    pieces = {
        "title": html.escape(title),
        "policy": "; ".join(policy),
        "style": (assets / "page.css").read_text(encoding="utf-8"),
        "index": index,
        "script": script,
        "parts": "\n".join(
            f'<script type="application/json" id="part-{number}">{part}</script>'
            for number, part in enumerate(parts)
        ),
        "plotly": plotly,
    }
    page = (assets / "page.html").read_text(encoding="utf-8")
    data = re.sub(r"{{(\w+)}}", lambda name: pieces[name[1]], page).encode()
    folder(out.parent).write(out.name, data)
    return len(data)


def _hash(script: str) -> str:
    """How a Content-Security-Policy names an inline script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
