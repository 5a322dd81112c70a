"""A Procfile is read strictly, and its commands get systemd's signals themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploytasks.remote.failure import Failure
from deploytasks.remote.processes import procfile

TEXT = "# what runs\n\nweb: gunicorn shop.wsgi --bind unix:$SOCKET\nworker-2:  celery -A shop worker\n"


def test_a_procfile_is_names_and_commands() -> None:
    lines = procfile.parsed(TEXT)
    assert lines == {"web": "gunicorn shop.wsgi --bind unix:$SOCKET", "worker-2": "celery -A shop worker"}
    assert procfile.listening(lines) == ["web"]


@pytest.mark.parametrize(
    ("text", "counts", "message"),
    [
        ("web gunicorn\n", {}, "Procfile:1: is no process"),
        ("web: a\nweb: b\n", {}, "Procfile:2: web stands twice"),
        (TEXT, {"mail": 1}, "has no process mail"),
        (TEXT, {"web": 2}, "web listens on \\$SOCKET, which one process can"),
    ],
)
def test_what_cannot_run_is_refused_with_its_place(text: str, counts: dict[str, int], message: str) -> None:
    with pytest.raises(Failure, match=message):
        procfile.chosen(procfile.parsed(text), counts)


def test_a_tree_without_a_procfile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="Procfile: is missing"):
        procfile.read(str(tmp_path))


@pytest.mark.parametrize(
    ("line", "executed"),
    [
        ("gunicorn shop.wsgi --bind unix:$SOCKET", "exec gunicorn shop.wsgi --bind unix:$SOCKET"),
        ("LOUD=yes A=b python worker.py", "LOUD=yes A=b exec python worker.py"),
        ("A='b c' python worker.py", "A='b c' python worker.py"),
        ("cd shop && python worker.py", "cd shop && python worker.py"),
        ("python worker.py 2>&1", "python worker.py 2>&1"),
        ("exec python worker.py", "exec python worker.py"),
        (". ./settings; python worker.py", ". ./settings; python worker.py"),
    ],
)
def test_one_command_takes_the_place_of_its_shell(line: str, executed: str) -> None:
    assert procfile.executed(line) == executed
