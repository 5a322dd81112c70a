"""Hosts at one place far away, behind one jump host: what crosses the link to them, against what one of them takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import tree
from benchmarks.deploying import Bench, bench
from benchmarks.distance import LINKS, through
from benchmarks.measuring import Sample
from benchmarks.proxy import Proxy, far
from tests.rig import JUMP

HOSTS = (1, 8, 32)
LINK = LINKS[0]


@dataclass(frozen=True)
class Crossing:
    """One deploy to hosts of the site."""

    case: str
    hosts: int
    seconds: float
    worked: float
    sent: int
    """Bytes over the link, to the hosts."""
    alone: int
    """The same for one host."""
    goal: float | None

    @property
    def times(self) -> float:
        """What one host takes, so many times."""
        return self.sent / self.alone

    @property
    def missed(self) -> bool:
        return self.goal is not None and self.times > self.goal

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {
            "crossing": self.case,
            "hosts": self.hosts,
            "seconds": self.seconds,
            "worked": self.worked,
            "sent": self.sent,
            "times": self.times,
            "goal": self.goal,
            "missed": self.missed,
        }

    def __str__(self) -> str:
        goal = f"  goal {self.goal:.2f} {'MISSED' if self.missed else 'met'}" if self.goal else ""
        return (
            f"{self.case:<48}{self.seconds:7.2f} s{self.worked:15.2f} s"
            f"  {self.sent / 1e6:.2f} MB over the link, {self.times:.2f} times one host's{goal}"
        )


def site(cache: Path, directory: Path) -> Iterator[Crossing]:
    """First deploys, one file and nothing to more and more of the hosts, each once: what is sent has no noise."""
    with bench(tree.middle(cache, directory), directory, max(HOSTS), jump=True) as on:
        assert on.farm.jump
        with far(on.farm.jump.port, LINK.seconds, LINK.rate) as proxy:
            yield from crossings(on, proxy, behind(on, proxy))


def behind(on: Bench, proxy: Proxy) -> Path:
    """The ssh configuration with every host behind the jump host, and that one over the link."""
    assert on.farm.jump
    config = through(proxy, on.farm, on.farm.jump)
    text = config.read_text().replace(f"  ProxyJump {JUMP}\n", "")
    for host in on.farm.hosts:
        text = text.replace(f"Port {host.port}\n", f"Port {host.port}\n  ProxyJump {JUMP}\n", 1)
    config.write_text(text)
    return config


def crossings(on: Bench, proxy: Proxy, config: Path) -> Iterator[Crossing]:
    """A first deploy is to be sent once whatever the hosts."""
    alone: dict[str, int] = {}
    for hosts in HOSTS:
        name = f"site{hosts}"
        on.environment(name, hosts, DEPLOY_SSH_CONFIG=config)
        for what, goal in (("first deploy", 1.1), ("one file", None), ("nothing changed", None)):
            if what == "one file":
                on.change()
            done, sent = counted(proxy, lambda name=name: on.deploy(name))  # type: ignore[misc]
            case = f"{what}, {hosts} behind a jump host, {LINK}"
            several = goal if hosts > 1 else None
            yield Crossing(
                case, hosts, done.seconds, done.worked, sent, alone.setdefault(what, sent), several
            )


def counted(proxy: Proxy, deploy: Callable[[], Sample]) -> tuple[Sample, int]:
    """A deploy, and the bytes that it sent over the link."""
    before = len(proxy.connections)
    done = deploy()
    return done, sum(one.sent for one in proxy.connections[before:])
