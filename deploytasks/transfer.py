"""The upload: a directory on a host holds exactly what one here holds. By rsync, over SSH through patchwork."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import rsync
from .command import Command, command
from .errors import UsageError
from .openssh import Master, askpass, written_config
from .operation import Result
from .shares import Share
from .ssh_config import Route

TAIL_LINES = 20
TOLD_EVERY = 0.05
"""Seconds between two words on the progress."""
PROGRESS = re.compile(
    r"(?P<bytes>\d+)\s+(?P<percent>\d+)%\s+(?P<rate>\S+/s)\s+\S+(?:\s+\(xfe?r#(?P<files>\d+))?"
)


@dataclass(frozen=True)
class Progress:
    """How far an upload is."""

    bytes: int = 0
    files: int = 0
    percent: int = 0
    rate: str = "0.00kB/s"

    def __str__(self) -> str:
        return f"{self.files} files, {self.bytes / 1e6:.1f} MB, {self.rate}"


OnProgress = Callable[[Progress], None]


def exclusions(patterns: Sequence[str]) -> list[str]:
    """The built-in exclude patterns and the user's."""
    return [*rsync.BUILT_IN_EXCLUDES, *patterns]


class Upload:
    """Makes `target` on the host hold exactly what `source` holds, and nothing that `excludes` names.

    `route` is None for this machine. `guard` is a POSIX shell line that the host runs in the same exec: when it
    fails, nothing is transferred and the result's kind is `lock_lost`. With a `master` of the same route the
    upload need not connect. With `only` the target is right but for these paths, and rsync looks at no others; with
    a `share` it is an empty directory, in use by nobody before all has succeeded, and gets that part of the source.
    One object carries one upload.
    """

    def __init__(
        self,
        source: Path,
        target: str,
        route: Route | None = None,
        excludes: Sequence[str] = rsync.BUILT_IN_EXCLUDES,
        guard: str = "true",
        on_progress: OnProgress | None = None,
        master: Master | None = None,
        only: Sequence[str] | None = None,
        share: Share | None = None,
    ) -> None:
        from .child import Children

        self.source, self.target, self.route = source, target, route
        self.excludes, self.guard, self.master = excludes, guard, master
        self.only, self.share = only, share
        self._watch = Watch(on_progress)
        self._children = Children(self._watch.feed)

    def run(self) -> Result:
        """Upload; afterwards nothing of it runs. `value` is `{files, bytes}` transferred, where rsync tells."""
        started = time.monotonic()
        if self.listed and not self.only:
            return Result(True, value={"files": 0, "bytes": 0})
        with ExitStack() as stack:
            rules = stack.enter_context(tempfile.NamedTemporaryFile(prefix="deploytasks-rsync-"))
            limits = rsync.rules_file(self.excludes, self.share)
            rules.write(rsync.listed_file(self.only or ()) if self.listed else limits)
            rules.flush()
            stack.callback(self._children.end)
            if self.route is None:
                ended = self._copy(Path(rules.name))
            else:
                ended = self._transfer(self.route, Path(rules.name), stack)
            cancelled = self._children.ended
            self._watch.tell()
        return self._result(ended, cancelled, time.monotonic() - started)

    @property
    def listed(self) -> bool:
        """Whether rsync is told which paths to look at; one that may not be able to reads the whole tree."""
        return self.only is not None and rsync.dialect().samba

    def cancel(self) -> None:
        """End the upload, from any thread; `run` then answers with kind `cancelled`."""
        self._children.end()

    def _copy(self, rules: Path) -> Any:
        """On this machine: the same rsync without a host in between."""
        from invoke.config import Config
        from invoke.context import Context

        known = rsync.dialect()
        paths = f"{self.source}/", rsync.target_path(known, self.target)
        options = self._options(known, rules, None)
        line = command(*rsync.guarded(self.guard).words, "rsync", *options, *paths)
        context = Context(Config(lazy=True, overrides=self._children.settings(environment())))
        return context.run(line.shell)

    def _transfer(self, route: Route, rules: Path, stack: ExitStack) -> Any:
        """Over SSH: patchwork puts its words into a shell line as they are, so each is quoted here."""
        from .ssh import unopened

        known, patchwork = rsync.dialect(), bundled_patchwork()
        remote = command(*rsync.guarded(self.guard).words, "rsync")
        while self.master and self.master.coming and not self._children.ended:
            time.sleep(0.005)
        config = self.master.config if self.master else stack.enter_context(written_config(route))
        env = {**environment(), **askpass(route, config.parent)}
        return patchwork(
            unopened(route, self._children.settings(env)),
            source=command(f"{self.source}/").shell,
            target=command(rsync.target_path(known, self.target)).shell,
            rsync_opts=command(*self._options(known, rules, remote)).shell,
            ssh_opts=f'-F "{config}"',
        )

    def _options(self, known: rsync.Dialect, rules: Path, remote: Command | None) -> tuple[str, ...]:
        return rsync.options(known, rules, remote, listed=self.listed, fresh=self.share is not None)

    def _result(self, ended: Any, cancelled: bool, seconds: float) -> Result:
        if ended.ok:
            value = {"files": self._watch.progress.files, "bytes": self._watch.progress.bytes}
            return Result(True, value=value, seconds=seconds)
        kind, error = self._reason(ended, cancelled)
        printed = [line.strip() for line in re.split(r"[\r\n]", f"{ended.stdout}\n{ended.stderr}")]
        tail = [line for line in printed if line and line != rsync.GUARD_REFUSED and not PROGRESS.match(line)]
        last = tuple(tail[-TAIL_LINES:])
        return Result(False, ended.exited, error=error, kind=kind, tail=last, seconds=seconds)

    def _reason(self, ended: Any, cancelled: bool) -> tuple[str, str]:
        """The kind and the words of a failure."""
        if cancelled:
            return "cancelled", "the upload was cancelled"
        if rsync.GUARD_REFUSED in ended.stderr.splitlines():
            return (
                "lock_lost",
                "this run no longer holds the lock and uploaded nothing; see who does with `unlock`",
            )
        return ("disconnected" if ended.exited in rsync.DISCONNECTED else ""), rsync.meaning(ended.exited)


class Watch:
    """Reads rsync's progress as it comes: of the newest line, for there is one for every file."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._told = 0.0
        self._rest = self._newest = self._counted = b""

    @property
    def progress(self) -> Progress:
        """How far it is now."""
        found, counted = (
            PROGRESS.search(line.decode("utf-8", "replace")) for line in (self._newest, self._counted)
        )
        if found is None:
            return Progress()
        files = int(counted["files"]) if counted else 0
        return Progress(int(found["bytes"]), files, int(found["percent"]), found["rate"])

    def feed(self, data: bytes) -> None:
        """Take what rsync printed next."""
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        self._newest = next((line for line in reversed(lines) if b"% " in line), self._newest)
        self._counted = next((line for line in reversed(lines) if b"r#" in line), self._counted)
        if time.monotonic() - self._told >= TOLD_EVERY:
            self.tell()

    def tell(self) -> None:
        """Say how far it is."""
        self._told = time.monotonic()
        if self._on_progress is not None:
            self._on_progress(self.progress)


def environment() -> dict[str, str]:
    """The caller's environment (agents and ProxyCommands need it), less what changes rsync's behaviour."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RSYNC_")}


def bundled_patchwork() -> Callable[..., Any]:
    """patchwork's rsync function; UsageError when the installation lacks it."""
    try:
        from ._vendor.patchwork.transfers import rsync as function
    except ImportError as error:
        cure = "install deploytasks with pip or uv (in a checkout: `pip install -e .`)"
        raise UsageError(f"deploytasks: the bundled patchwork is missing; {cure}") from error
    transfer: Callable[..., Any] = function
    return transfer
