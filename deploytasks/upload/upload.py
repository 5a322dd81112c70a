"""The upload: a directory on a host holds exactly what one here holds. By rsync, over SSH through patchwork."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..operation import Result
from ..shell import command
from ..source import ships
from ..ssh.master import Master
from ..ssh.openssh import askpass, written_config
from ..ssh.route import Route
from . import rsync
from .progress import PROGRESS, Watch

if TYPE_CHECKING:
    from .progress import OnProgress


TAIL_LINES = 20


class Upload:
    """Makes `target` on the host hold exactly what `source` holds, and nothing that `excludes` names.

    `route` is None for this machine. `guard` is a POSIX shell line that the host runs in the same exec: when it
    fails, nothing is transferred and the result's kind is `lock_lost`. With a `master` of the same route the
    upload need not connect. With `only` the target is right but for these paths, and rsync looks at no others.
    One object carries one upload.
    """

    def __init__(
        self,
        source: Path,
        target: str,
        route: Route | None = None,
        excludes: Sequence[str] = ships.BUILT_IN_EXCLUDES,
        guard: str = "true",
        on_progress: OnProgress | None = None,
        master: Master | None = None,
        only: Sequence[str] | None = None,
    ) -> None:
        from .process import Children

        self.source, self.target, self.route = source, target, route
        self.excludes, self.guard, self.master = excludes, guard, master
        self.only = only
        self._watch = Watch(on_progress)
        self._children = Children(self._watch.feed)

    def run(self) -> Result:
        """Upload; afterwards nothing of it runs. `value` is `{files, bytes}` transferred, where rsync tells."""
        started = time.monotonic()
        if self.listed and not self.only:
            return Result(True, value={"files": 0, "bytes": 0})
        with ExitStack() as stack:
            rules = stack.enter_context(tempfile.NamedTemporaryFile(prefix="deploytasks-rsync-"))
            limits = rsync.rules_file(self.excludes)
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
        options = rsync.options(known, rules, None, listed=self.listed)
        line = command(*rsync.guarded(self.guard).words, "rsync", *options, *paths)
        context = Context(Config(lazy=True, overrides=self._children.settings(environment())))
        return context.run(line.shell)

    def _transfer(self, route: Route, rules: Path, stack: ExitStack) -> Any:
        """Over SSH: patchwork puts its words into a shell line as they are, so each is quoted here."""
        from ..ssh.connection import unopened

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
            rsync_opts=command(*rsync.options(known, rules, remote, listed=self.listed)).shell,
            ssh_opts=f'-F "{config}"',
        )

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


def environment() -> dict[str, str]:
    """The caller's environment (agents and ProxyCommands need it), less what changes rsync's behaviour."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RSYNC_")}


def bundled_patchwork() -> Callable[..., Any]:
    """patchwork's rsync function; UsageError when the installation lacks it."""
    try:
        from .._vendor.patchwork.transfers import rsync as function
    except ImportError as error:
        cure = "install deploytasks with pip or uv (in a checkout: `pip install -e .`)"
        raise UsageError(f"deploytasks: the bundled patchwork is missing; {cure}") from error
    transfer: Callable[..., Any] = function
    return transfer
