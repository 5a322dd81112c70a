"""Hosts that say nothing any more, because the agent is frozen or the network drops what is sent: the run ends."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.release.project import make_plain
from tests.release.site import Site
from tests.rig import farm, program, wait_until

QUICK = {"DEPLOY_VENDOR_INSTALL": "none", "DEPLOY_CONNECT_TIMEOUT": 2}
"""Two seconds to connect: a host is silent after twelve."""
HERE = '[ "$DEPLOYTASKS_HOST" != host2 ] || [ ! -e ../../shared/armed ] || { touch ../../shared/here; sleep 300; }'
WITHOUT_END = 180
"""Seconds after which a run is taken for one that never ends."""


@dataclass
class Way:
    """The network before a host: passes everything on, until it is `cut`. Then what is sent is lost."""

    target: int
    server: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    cut: threading.Event = field(default_factory=threading.Event)

    def serve(self) -> None:
        while True:
            try:
                client = self.server.accept()[0]
            except OSError:
                return
            host = socket.create_connection(("127.0.0.1", self.target))
            for one, other in ((client, host), (host, client)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                if not self.cut.is_set():
                    other.sendall(data)
            if not self.cut.is_set():
                other.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one of them has gone


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A good release on two hosts."""
    cache = str(tmp_path_factory.getbasetemp() / "cache")
    with pytest.MonkeyPatch.context() as patch, farm(tmp_path_factory.mktemp("two"), count=2) as two:
        patch.setenv("XDG_CACHE_HOME", cache)
        made = Site(make_plain(tmp_path_factory.mktemp("silent")), two, "silent")
        made.configure(**QUICK)
        (made.project.root / "postinstall").unlink()
        made.project.commit()
        made.project.deploy()
        yield made


@pytest.fixture
def site(deployed: Site) -> Iterator[Site]:
    """The same, ready to go silent; what a test froze is ended afterwards, and locked no more."""
    deployed.configure(**QUICK)
    for path in deployed.paths():
        (path / "shared/armed").touch()
    yield deployed
    host = deployed.farm.hosts[1]
    (host.directory / "tools/rsync").unlink(missing_ok=True)
    deployed.farm.run(host, "pkill -KILL -f '[S]OURCES|[s]leep 300' || true")
    for path in deployed.paths():
        for name in ("shared/armed", "shared/here", ".deploytasks/lock"):
            (path / name).unlink(missing_ok=True)


@contextmanager
def frozen(site: Site) -> Iterator[Callable[[], None]]:
    """What freezes the agent of host2."""
    yield lambda: void(site.farm.run(site.farm.hosts[1], "pkill -STOP -f '[S]OURCES'"))


@contextmanager
def dropped(site: Site) -> Iterator[Callable[[], None]]:
    """What makes the network lose whatever is sent to host2 or by it, which is reached by a way of its own."""
    host = site.farm.hosts[1]
    way, port = Way(host.port), host.port
    threading.Thread(target=way.serve, daemon=True).start()
    host.port = way.server.getsockname()[1]
    site.farm.write()
    try:
        yield way.cut.set
    finally:
        way.server.close()
        host.port = port
        site.farm.write()


def void(_: object) -> None: ...


SILENT = [pytest.param(frozen, id="frozen"), pytest.param(dropped, id="dropped")]
Silence = Callable[[Site], "contextmanager[Callable[[], None]]"]  # type: ignore[type-arg]


def at_command(key: str) -> Callable[[Site], None]:
    """The run stops at the command of a setting, on host2."""
    return lambda site: site.configure(**{key: HERE}, **QUICK)


def at_upload(site: Site) -> None:
    host = site.farm.hosts[1]
    here = f"{host.remote_srv}/{site.directory}/shared/here"
    held = f"case $* in *--server*) touch {here}; sleep 300 ;; esac"
    program(host.directory / "tools/rsync", f'{held}; exec /usr/bin/rsync "$@"')


LEFT = {"upload": at_upload, "postinstall": at_command("DEPLOY_POSTINSTALL")}
RIGHT = {"restart": at_command("DEPLOY_RESTART")}


@dataclass(frozen=True)
class Stopped:
    """How a run ended that found host2 silent."""

    code: int
    err: str
    before: list[str | None]
    after: list[str | None]


def silenced(
    site: Site, silence: Silence, stop_at: Callable[[Site], None], interrupt: signal.Signals | None = None
) -> Stopped:
    """Deploy a new revision, of which host2 goes silent where it stops."""
    before = site.currents()
    stop_at(site)
    site.project.write("page.txt", "new\n")
    site.project.commit()
    with silence(site) as hush:
        process = site.project.start("deploy", "--env=staging")
        wait_until((site.paths()[1] / "shared/here").exists, "host2 has come to it", 180)
        hush()
        if interrupt:
            process.send_signal(interrupt)
        _, err = process.communicate(timeout=WITHOUT_END)
        return Stopped(process.returncode, err, before, site.currents())


@pytest.mark.parametrize(
    ("silence", "step"),
    [(frozen, "postinstall"), (dropped, "upload")],
    ids=["frozen in postinstall", "dropped in upload"],
)
def test_before_publish_a_silent_host_is_exit_4_and_all_serve_what_they_served(
    site: Site, silence: Silence, step: str
) -> None:
    end = silenced(site, silence, LEFT[step])
    assert end.code == 4, end.err
    assert "host2: " in end.err and end.after == end.before
    assert not (site.paths()[0] / ".deploytasks/lock").exists()


@pytest.mark.parametrize("silence", SILENT)
def test_after_publish_a_silent_host_is_exit_6_with_its_name_and_the_other_goes_back(
    site: Site, silence: Silence
) -> None:
    end = silenced(site, silence, RIGHT["restart"])
    assert end.code == 6, end.err
    assert "fab rollback --env=staging --limit=host2" in end.err
    assert end.after[0] == end.before[0]
    assert not (site.paths()[0] / ".deploytasks/lock").exists()


@pytest.mark.parametrize(
    ("silence", "number"),
    [(frozen, signal.SIGINT), (dropped, signal.SIGTERM)],
    ids=["frozen, SIGINT", "dropped, SIGTERM"],
)
def test_an_interrupt_ends_the_run_though_a_host_is_silent_and_says_which(
    site: Site, silence: Silence, number: signal.Signals
) -> None:
    end = silenced(site, silence, LEFT["postinstall"], number)
    assert end.code == 130, end.err
    assert "host2: does not say what it serves now" in end.err
    assert end.after == end.before


def test_an_interrupt_after_publish_is_exit_6_where_a_host_could_not_be_put_back(site: Site) -> None:
    end = silenced(site, frozen, RIGHT["restart"], signal.SIGINT)
    assert end.code == 6, end.err
    assert "--limit=host2" in end.err and end.after[0] == end.before[0]


def test_a_host_that_is_silent_from_the_beginning_is_exit_4_and_named(site: Site) -> None:
    before = site.currents()
    with dropped(site) as hush:
        hush()
        for command in ("deploy", "status", "rollback"):
            done = site.project.fab(command, "--env=staging")
            assert (done.code, "host2" in done.err) == ({"status": 6}.get(command, 4), True), done.err
    assert site.currents() == before and site.unlocked()
