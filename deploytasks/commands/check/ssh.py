"""The ways to the hosts, before they are used: whose keys are known, and whether rsync can travel them too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...config.environment import Host
from ...recipe.plan import Plan

if TYPE_CHECKING:
    from ...ssh.route import Route


PINNED, KNOWN, UNKNOWN = "pinned", "known", "unknown"
LOCAL = "local"


@dataclass(frozen=True)
class Way:
    """The way to one host. `keys` says of the worst server on it: `pinned` in the project, `known`, or `unknown`."""

    keys: str = LOCAL
    unseen: tuple[str, ...] = ()
    """Addresses of servers whose first key is taken unseen (DEPLOY_HOST_KEYS=accept-new)."""
    blocked: str = ""
    """What rsync's own connection through the jump hosts ends with; empty when it gets through."""

    def problems(self) -> Iterator[str]:
        if self.blocked:
            yield (
                f"rsync cannot pass the jump host: {self.blocked}; see that OpenSSH, with this machine's $SHELL, keys "
                "and agent, gets there without a question"
            )

    def warnings(self) -> Iterator[str]:
        for address in self.unseen:
            yield (
                f"the key of {address} is taken unseen (DEPLOY_HOST_KEYS=accept-new); pin it in "
                "environments/known_hosts"
            )


def ways(plan: Plan) -> dict[Host, Way]:
    """The way to every host of a plan. To be asked before the first connection, which may make keys known."""
    from ...ssh.config import route_to
    from ...ssh.master import obstacle
    from ...ssh.route import SshOptions

    options = plan.ssh or SshOptions()
    routes = {host: route_to(plan.environment, host, options) for host in plan.hosts if not host.is_local}
    found = {host: way(plan, route) for host, route in routes.items()}
    behind = [host for host, route in routes.items() if len(route.hops) > 1]
    with ThreadPoolExecutor(plan.environment.settings.parallel) as pool:
        blocked = pool.map(lambda host: obstacle(routes[host]), behind)
        passed: Mapping[Host, str] = dict(zip(behind, blocked, strict=True))
    return {
        host: Way(one.keys, one.unseen, passed.get(host, ""))
        for host in plan.hosts
        for one in (found.get(host, Way()),)
    }


def way(plan: Plan, route: Route) -> Way:
    """What known_hosts says of the servers on a route."""
    from ...ssh.host_keys import known_keys

    pinned = plan.environment.root / "environments" / "known_hosts"
    standing = {}
    for hop in route.hops:
        files = {key.file for key in known_keys(hop)}
        standing[hop.address] = PINNED if pinned in files else KNOWN if files else UNKNOWN
    worst = next(word for word in (UNKNOWN, KNOWN, PINNED) if word in standing.values())
    unseen = tuple(address for address, word in standing.items() if word == UNKNOWN and route.accept_new)
    return Way(worst, unseen)
