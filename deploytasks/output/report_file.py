"""A report as a file that is kept or passed on: HTML, Markdown or JSON, by the ending of its name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from ..errors import UsageError
from ..report import Report
from ..urls import public_data
from .html import html
from .markdown import markdown

FORMS: Mapping[str, Callable[[Report], str]] = {
    ".html": html,
    ".md": markdown,
    ".json": lambda report: json.dumps(public_data(report.document()), indent=2) + "\n",
}


def form_of(path: str) -> Callable[[Report], str]:
    """What makes the text of a file. Raises UsageError for an ending that is none, before anything begins."""
    form = FORMS.get(Path(path).suffix)
    if form is None:
        raise UsageError(f"--report: {path}: ends with none of {', '.join(FORMS)}; name a file that does")
    try:
        usable = Path(path).absolute().parent.is_dir() and not Path(path).is_dir()
    except OSError as error:
        raise UsageError(f"--report: {path}: {error.strerror}; name another file") from error
    if not usable:
        raise UsageError(f"--report: {path}: is a directory, or in none; make that, or name another file")
    return form


def write(path: str, report: Report) -> str:
    """Write a report, whole or not at all; answers what kept it from being written, else an empty text."""
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        with beside.open("x", encoding="utf-8", errors="replace") as stream:
            stream.write(FORMS[target.suffix](report))
        beside.replace(target)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        return f"{path}: the report cannot be written ({error.strerror}); see the directory and its disk"
    return ""
