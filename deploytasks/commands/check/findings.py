"""What a check finds in what the hosts said: problems that would fail the deploy, each with its cure. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...config.environment import Host
from ...operation import Result
from ...recipe.answers import answer
from ...recipe.facts import HostFacts, ToolFacts
from ...recipe.sudo import wanted
from ...remote.release.owner import foreign
from ...upload.rsync import samba_version
from .permissions import permissions
from .processes import processes

if TYPE_CHECKING:
    from ...recipe.context import Built
    from ...recipe.plan import Plan


CLOCK_SKEW = 60.0
"""Seconds that a host's clock may be off before a check says so."""
SPARE_BYTES = 64 * 1024 * 1024
"""Bytes that must stay free beside what is shipped."""


@dataclass(frozen=True)
class Findings:
    """Problems fail the check; warnings are only said. Each reads `<host>: <what is wrong>; <next move>`."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def of_hosts(
    plan: Plan,
    answers: Mapping[Host, Sequence[Result]],
    built: Built | None,
    now: float,
    noise: Mapping[Host, str],
) -> Findings:
    """Everything wrong with the hosts of a plan. `answers` are those to `read_host`, `now` is our clock, `noise` what
    hosts said before they answered.
    """
    problems = list(_tree(plan, built)) if built else []
    warnings: list[str] = []
    for host, results in answers.items():
        facts = answer(HostFacts, results)
        needed = built.tree.manifest.size if built else 0
        files = len(built.tree.manifest) if built else 0
        problems += [f"{host.name}: {what}" for what in _problems(plan, facts, needed, files)]
        problems += [f"{host.name}: {what}" for what in permissions(plan, host, facts)]
        problems += [f"{host.name}: {what}" for what in printed(noise.get(host, ""))]
        problems += [f"{host.name}: {what}" for what in sudo(plan, host, facts)]
        problems += [f"{host.name}: {what}" for what in processes(plan, host, facts, built)]
        problems += [f"{host.name}: {what}" for what in _tools(plan, answer(ToolFacts, results), built)]
        warnings += [f"{host.name}: {what}" for what in _warnings(facts, now)]
    return Findings(tuple(problems), tuple(warnings))


def _tree(plan: Plan, built: Built) -> Iterator[str]:
    manifest = built.tree.manifest
    passed_over = manifest.mode("postinstall") is not None and not manifest.executable("postinstall")
    if passed_over and not plan.environment.settings.postinstall:
        yield (
            "postinstall: is not executable and would not be run; `git update-index --chmod=+x postinstall` and "
            "commit, or rename it"
        )


def _problems(plan: Plan, facts: HostFacts, needed: int, files: int) -> list[str]:
    root = plan.layout.root
    found = []
    if facts.obstacle:
        found.append(f"{facts.obstacle} is not a directory; move it away or choose another DEPLOY_PATH")
    if facts.root in ("/", facts.home):
        found.append(f"DEPLOY_PATH {root} is {facts.user}'s home directory; choose a directory in it")
    if facts.current not in ("missing", "symlink"):
        found.append(f"{root}/current is a {facts.current}, not a symlink; move it away")
    whose = foreign(facts.owner, plan.identity.owner)
    if whose:
        found.append(f"{root} {whose}")
    if not facts.rsync:
        found.append("rsync is missing; `apt install rsync` there")
    elif (samba_version(facts.rsync) or (0, 0)) < (3, 0):
        found.append(
            f"rsync there is `{facts.rsync}`; install rsync 3 or newer (macOS: `brew install rsync`)"
        )
    if not facts.python:
        found.append(f"{plan.environment.settings.python} is missing; install it there or set DEPLOY_PYTHON")
    if facts.free_bytes < needed + SPARE_BYTES:
        megabytes = (needed + SPARE_BYTES) // 1024**2
        found.append(
            f"{facts.free_bytes // 1024**2} MB free at {facts.nearest}, {megabytes} MB needed; make room"
        )
    if facts.has_inodes and facts.free_inodes < files * 2:
        found.append(f"{facts.free_inodes} inodes free at {facts.nearest}, {files * 2} needed; make room")
    found += [f"shared/{name} is missing; create {root}/shared/{name} there" for name in facts.missing_shared]
    return found


def printed(line: str) -> Iterator[str]:
    """Start-up files that print: rsync takes that for its own protocol."""
    if line:
        yield (
            f"the shell's start-up files (.bashrc, .profile, /etc/profile.d) print {line[:60]!r}, which breaks rsync; "
            "let them print only for a person, `[ -t 1 ] && …`"
        )


def sudo(plan: Plan, host: Host, facts: HostFacts) -> Iterator[str]:
    """A rule that is missing, with the very line that sudoers needs."""
    asked = [(key, one) for key, one in wanted(plan.environment.settings, host) if one.readable]
    for (key, one), rule in zip(asked, facts.sudo, strict=True):
        if not rule.installed:
            yield f"{key} uses sudo, which is missing; `apt install sudo` there"
        elif rule.allowed is False:
            yield (
                f"{key} may not run `sudo {' '.join(one.words)}` without a password; add this line to a file "
                f"in /etc/sudoers.d, by visudo: {rule.line}"
            )


def _tools(plan: Plan, tools: ToolFacts, built: Built | None) -> list[str]:
    from ...packages import tool_findings

    return list(tool_findings(tools.said, plan.environment, built.bundle if built else None))


def _warnings(facts: HostFacts, now: float) -> list[str]:
    skew = facts.clock - now
    if abs(skew) > CLOCK_SKEW:
        return [
            f"its clock is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}; release ids stay in order"
        ]
    return []
