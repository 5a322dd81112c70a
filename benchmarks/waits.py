"""How often a deploy waits for its host, counted by a proxy with a round trip of 50 ms in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.deploying import BIN, Bench
from benchmarks.measuring import run
from benchmarks.proxy import Proxy, far
from deploytasks import load_environment
from deploytasks.command import command
from deploytasks.ssh import channel_to
from deploytasks.ssh_config import SshOptions, route_to

ROUND_TRIP = 0.05


@dataclass(frozen=True)
class Waits:
    """What one command cost on the far host."""

    case: str
    waits: int
    """Request and reply on the connection of the deploy, besides its set-up and rsync's own connection."""
    goal: int
    seconds: float

    def document(self) -> dict[str, object]:
        return {"case": self.case, "waits": self.waits, "goal": self.goal, "seconds": self.seconds}

    def __str__(self) -> str:
        verdict = "met" if self.waits <= self.goal else "MISSED"
        return f"{self.case:<52}{self.seconds:7.2f} s  {self.waits} waits  goal {self.goal}  {verdict}"


def waits(on: Bench) -> Iterator[Waits]:
    """A deploy that changes code only, and a rollback."""
    host = on.farm.hosts[0]
    with far(host.port, ROUND_TRIP) as proxy:
        config = on.farm.ssh_config.parent / "far_config"
        text = on.farm.ssh_config.read_text().replace(f"Port {host.port}", f"Port {proxy.port}", 1)
        config.write_text(text)
        known = on.farm.known_hosts
        known.write_text(known.read_text() + f"[127.0.0.1]:{proxy.port} {host.public_key}\n")
        on.settled("far", 1, DEPLOY_SSH_CONFIG=config)
        opening = setting_up(on, proxy)
        for case, words, goal in (
            ("code-only change, round trip of 50 ms", ["deploy"], 6),
            ("rollback, round trip of 50 ms", ["rollback"], 3),
        ):
            on.project.change(f"far {case}\n")
            before = len(proxy.connections)
            sample = run([BIN / "fab", *words, "--env=far"], cwd=on.project.root)
            counted = max(one.waits for one in proxy.connections[before : before + 1])
            yield Waits(case, counted - opening, goal, sample.seconds)


def setting_up(on: Bench, proxy: Proxy) -> int:
    """The waits of a connection that is opened, runs nothing, and is closed."""
    environment = load_environment("far", root=on.project.root)
    before = len(proxy.connections)
    channel = channel_to(route_to(environment, environment.hosts[0], SshOptions()), command("true"))
    channel.receive()
    channel.close()
    return proxy.connections[before].waits
