"""What a check finds in the directories of a deployment: who may write them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...config.environment import Host
    from ...recipe.facts import HostFacts
    from ...recipe.plan import Plan


def permissions(plan: Plan, host: Host, facts: HostFacts) -> Iterator[str]:
    """Problems with owners, modes and mounts, each with its cure. Who may write what on this machine is its user's."""
    root, user, group = plan.layout.root, facts.user, plan.environment.settings.env_group
    for place in facts.read_only:
        yield f"{place} is on a file system that is mounted read-only; mount it anew with `rw` there, as root"
    closed = [place for place in facts.unwritable if place not in facts.read_only]
    if closed and not facts.obstacle:
        yield f"{', '.join(closed)} is not writable for {user}; `chown -R {user} {root}` there, as root"
    for place in facts.noexec:
        yield (
            f"{place} is on a file system that is mounted noexec: nothing of a release can be run; "
            "mount it anew with `exec` there, or choose another DEPLOY_PATH"
        )
    for place in () if host.is_local else facts.open:
        yield f"{place} may be written by every user of the host; `chmod o-w {place}` there"
    if facts.group == "missing":
        yield f"group {group} (DEPLOY_ENV_GROUP) does not exist; create it there"
    if facts.group == "foreign":
        yield f"{user} is not in the group {group} (DEPLOY_ENV_GROUP); `usermod -aG {group} {user}` there, as root"
