"""The one place that runs git: without the caller's GIT_* variables, and never asking a question on the terminal."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from .errors import DeployError
from .urls import public

SETTINGS = (
    "-c",
    "core.quotePath=false",
    "-c",
    "fetch.recurseSubmodules=false",
    "-c",
    "advice.detachedHead=false",
)

HELD = re.compile(r"Unable to create '(.+\.lock)': File exists")


class GitFailed(DeployError):
    """git ended with an exit code that was not expected; `code`, `said` and `last`, the gist of it, tell."""

    def __init__(self, words: tuple[str, ...], place: Path, code: int, said: str) -> None:
        self.code, self.said = code, public(said)
        self.last = gist(self.said) or f"exit code {code}"
        verb = next((word for word in words if not word.startswith("-") and "=" not in word), "")
        super().__init__(f"{place}: git {verb} failed ({self.last}); run it by hand there")


def gist(said: str) -> str:
    """The line that tells what git complains of; empty when it said nothing."""
    if held := HELD.search(said):
        return f"{held[1]} exists: another git is at work there, or was killed; if so, delete that file"
    return said.strip().splitlines()[-1] if said.strip() else ""


def clean_environment(process: Mapping[str, str]) -> dict[str, str]:
    """`process` without GIT_* (a hook sets them for another repository), with every prompt switched off.

    `git replace` is of no effect: what ships is what a commit's id says, here as in every other clone.
    """
    kept = {
        name: value
        for name, value in process.items()
        if not name.startswith("GIT_")
        or name.startswith(("GIT_SSL_", "GIT_SSH", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"))
    }
    quiet = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "LC_ALL": "C.UTF-8",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
    }
    ssh = kept.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
    return {**kept, **quiet, "GIT_SSH_COMMAND": ssh}


def call(
    place: Path,
    *words: str,
    stdin: bytes | None = None,
    local_urls: bool = False,
    env: Mapping[str, str] | None = None,
    keeps: Collection[int] = (),
) -> subprocess.CompletedProcess[bytes]:
    """Run git in `place` whatever its exit code. `local_urls` allows file transport for this one command.

    It `keeps` these descriptors open while it runs.
    """
    protocol = ("-c", "protocol.file.allow=always") if local_urls else ()
    return subprocess.run(
        ("git", *SETTINGS, *protocol, *words),
        cwd=place,
        env={**clean_environment(os.environ), **(env or {})},
        input=stdin if stdin is not None else b"",
        capture_output=True,
        check=False,
        pass_fds=tuple(keeps),
    )


def run(
    place: Path,
    *words: str,
    stdin: bytes | None = None,
    local_urls: bool = False,
    env: Mapping[str, str] | None = None,
    keeps: Collection[int] = (),
) -> str:
    """What git prints in `place`, as text (bytes that are no UTF-8 survive as surrogates). Raises GitFailed."""
    done = call(place, *words, stdin=stdin, local_urls=local_urls, env=env, keeps=keeps)
    if done.returncode != 0:
        raise GitFailed(words, place, done.returncode, done.stderr.decode("utf-8", "replace"))
    return done.stdout.decode("utf-8", "surrogateescape")


def answer(place: Path, *words: str) -> str | None:
    """The stripped output of a question to git, None when git says no."""
    done = call(place, *words)
    return done.stdout.decode("utf-8", "surrogateescape").strip() if done.returncode == 0 else None


def inside(git_dir: Path) -> tuple[str, str]:
    """Options for work on a repository's objects alone:
    its configured work tree may be gone, and git would not start.
    """
    return f"--git-dir={git_dir}", f"--work-tree={git_dir}"


def tracks(place: Path, path: str) -> bool:
    """Whether git tracks `path`; False outside a repository."""
    return bool(answer(place, "ls-files", "--", path))


def blobs(git_dir: Path, ids: Sequence[str]) -> Iterator[bytes]:
    """The contents of blobs, in order, from one git process."""
    words = ("git", *inside(git_dir), "cat-file", "--batch")
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_environment(os.environ)
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        for blob in ids:
            process.stdin.write(blob.encode("ascii") + b"\n")
            process.stdin.flush()
            head = process.stdout.readline().split()
            if len(head) != 3:
                raise GitFailed(words[2:], git_dir, 1, f"object {blob} is missing")
            yield process.stdout.read(int(head[2]))
            process.stdout.read(1)
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        process.wait()
