"""Deploys to a host far away, against rsyncs that compress; in between a proxy that delays and has a narrow way up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.deploying import Bench
from benchmarks.measuring import Row, Sample, in_turns, run
from benchmarks.proxy import Proxy, far
from tests.rig import Farm, Sshd

NUMBER = count()
FLOORS = {"-az": ("-az",), "-a --zc=zstd": ("-a", "--zc=zstd")}


@dataclass(frozen=True)
class Link:
    """A way to a host: how long there and back, and how wide upward."""

    milliseconds: int
    megabits: int

    @property
    def seconds(self) -> float:
        return self.milliseconds / 1000

    @property
    def rate(self) -> float:
        """Bytes a second."""
        return self.megabits * 1e6 / 8

    def __str__(self) -> str:
        return f"{self.milliseconds} ms, {self.megabits} Mbit/s"


LINKS = (Link(50, 20), Link(150, 5))


@dataclass(frozen=True)
class Distant:
    """The first host of a bench, over a link."""

    on: Bench
    link: Link
    config: Path

    @property
    def name(self) -> str:
        """Of the environment that is settled there."""
        return f"far{self.link.milliseconds}"

    def settle(self) -> None:
        """Deploy until an old release is pruned, and by each rsync."""
        self.on.settled(self.name, 1, DEPLOY_SSH_CONFIG=self.config)
        for floor in FLOORS:
            self.bare(floor, self.name)

    def deploy(self) -> Sample:
        return self.on.deploy(self.name)

    def first(self) -> Sample:
        """Deploy where nothing is yet."""
        name = f"{self.name}first"
        path = f"{self.on.farm.hosts[0].remote_srv}/{name}-{next(NUMBER)}"
        self.on.environment(name, 1, DEPLOY_SSH_CONFIG=self.config, DEPLOY_PATH=path)
        return self.on.deploy(name)

    def changed(self) -> Sample:
        """Deploy another file."""
        self.on.change()
        return self.deploy()

    def bare(self, floor: str, place: str) -> Sample:
        """One of the rsyncs, into a directory of its own."""
        target = f"bare{list(FLOORS).index(floor)}-{place}"
        return run(self.on.rsync(0, target, how=FLOORS[floor], config=self.config))


def far_host(on: Bench, runs: int) -> Iterator[Row]:
    """First deploys, one file and nothing, over every link; each row once for every floor."""
    for link in LINKS:
        with far(on.farm.hosts[0].port, link.seconds, link.rate) as proxy:
            yield from rows(Distant(on, link, through(proxy, on.farm, on.farm.hosts[0])), runs)


def rows(distant: Distant, runs: int) -> Iterator[Row]:
    """Those of one link; the goals are against the better of both for a first deploy, and else against zlib."""
    distant.settle()
    settled = [partial(distant.bare, floor, distant.name) for floor in FLOORS]
    fresh = [lambda floor=floor: distant.bare(floor, str(next(NUMBER))) for floor in FLOORS]  # type: ignore[misc]
    cases = (
        ("nothing changed", distant.deploy, settled, (0.9, None)),
        ("one file", distant.changed, settled, (1.0, None)),
        ("first deploy", distant.first, fresh, (1.1, 1.1)),
    )
    for what, ours, floors, goals in cases:
        samples, *others = in_turns(ours, *floors, runs=runs)
        for name, floor, goal in zip(FLOORS, others, goals, strict=True):
            yield Row(f"{what}, {distant.link} / {name}", samples, floor, goal=goal)


def through(proxy: Proxy, farm: Farm, host: Sshd) -> Path:
    """The farm's ssh configuration, but for a host that is reached through a proxy."""
    config = farm.directory / f"far_config-{proxy.port}"
    text = farm.ssh_config.read_text().replace(f"Port {host.port}\n", f"Port {proxy.port}\n", 1)
    config.write_text(text)
    with farm.known_hosts.open("a") as known:
        known.write(f"[127.0.0.1]:{proxy.port} {host.public_key}\n")
    return config
