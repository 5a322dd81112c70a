"""How often a deploy waits for its host, counted by a proxy with a round trip of 50 ms in between."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from benchmarks.deploying import BIN, Bench
from benchmarks.distance import through
from benchmarks.measuring import run
from benchmarks.proxy import Connection, Proxy, far
from deploytasks import load_environment
from deploytasks.ssh.config import route_to
from deploytasks.ssh.connection import connect, disconnect
from deploytasks.ssh.route import SshOptions

ROUND_TRIP = 0.05


@dataclass(frozen=True)
class Waits:
    """What one command cost on the far host."""

    case: str
    waits: tuple[int, ...]
    """Of each run: request and reply on the connection of the deploy, besides its set-up and rsync's own connection."""
    rsync: int
    """Those on rsync's connection, its set-up included."""
    goal: int
    seconds: float
    exchange: tuple[int, ...]
    """Bytes of the last run's turns after the set-up: the client's, the host's, the client's, and so on."""

    @property
    def missed(self) -> bool:
        return max(self.waits) > self.goal

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {
            "case": self.case,
            "waits": self.waits,
            "rsync_waits": self.rsync,
            "goal": self.goal,
            "missed": self.missed,
            "seconds": self.seconds,
            "exchange": self.exchange,
        }

    def __str__(self) -> str:
        counts = "/".join(str(one) for one in sorted(set(self.waits)))
        verdict = "MISSED" if self.missed else "met"
        return (
            f"{self.case:<48}{self.seconds:7.2f} s  {counts} waits  goal {self.goal} {verdict}"
            f"  (rsync's connection, with its set-up: {self.rsync})"
        )


def waits(on: Bench, runs: int) -> Iterator[Waits]:
    """Deploys that change code only, and rollbacks."""
    host = on.farm.hosts[0]
    number = count()
    with far(host.port, ROUND_TRIP) as proxy:
        on.settled("far", 1, DEPLOY_SSH_CONFIG=through(proxy, on.farm, host))
        opening = setting_up(on, proxy)

        def change() -> None:
            on.project.change(f"far {next(number)}\n")

        yield counted(on, proxy, opening, "deploy", 6, runs, change)
        yield counted(on, proxy, opening, "rollback", 3, min(runs, 3), lambda: None)


def counted(
    on: Bench, proxy: Proxy, opening: int, task: str, goal: int, runs: int, before: Callable[[], None]
) -> Waits:
    """Run a task several times, and count on the connections that it opened."""
    found, rsync, seconds = [], [], []
    ours: list[Connection] = []
    for _ in range(runs):
        before()
        seen = len(proxy.connections)
        seconds.append(run([BIN / "fab", task, "--env=far"], cwd=on.project.root).seconds)
        ours, others = parted(proxy.connections[seen:])
        found.append(sum(one.waits - opening for one in ours))
        rsync.append(sum(one.waits for one in others))
    case = f"{task} of code alone" if task == "deploy" else task
    middle = statistics.median(seconds)
    turns = tuple(size for _, size in ours[0].turns[2 * opening :])
    return Waits(f"{case}, 50 ms away", tuple(found), max(rsync), goal, middle, turns)


def parted(connections: list[Connection]) -> tuple[list[Connection], list[Connection]]:
    """The connections of the deploy itself, which Fabric opens, and those of OpenSSH, which carry rsync."""
    ours = [one for one in connections if "paramiko" in one.client.lower()]
    return ours, [one for one in connections if one not in ours]


def setting_up(on: Bench, proxy: Proxy) -> int:
    """The waits of a connection that is opened, logged in, and closed; it runs nothing."""
    environment = load_environment("far", root=on.project.root)
    before = len(proxy.connections)
    disconnect(connect(route_to(environment, environment.hosts[0], SshOptions())))
    return proxy.connections[before].waits
