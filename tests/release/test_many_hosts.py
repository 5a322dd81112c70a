"""Five hosts end all new or all old, whatever fails; a killed run leaves whole releases and a free way for the next."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deploytasks import DEFAULT
from tests.release.application import Application, application
from tests.release.project import Plain
from tests.release.site import Site, ended
from tests.rig import Farm, farm, program, wait_until

HOOK = '[ "$DEPLOYTASKS_HOST" != host4 ] || [ ! -e ../../shared/fail-{step} ]'
"""A command that fails on host4 while a file in its shared/ says so."""


@pytest.fixture(scope="module")
def five_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with farm(tmp_path_factory.mktemp("five"), count=5) as made:
        yield made


@pytest.fixture
def five(project: Plain, five_hosts: Farm, request: pytest.FixtureRequest) -> Site:
    site = Site(project, five_hosts, f"five-{abs(hash(request.node.name))}")
    site.configure(**hooks())
    return site


def hooks() -> dict[str, str]:
    return {
        "DEPLOY_VENDOR_INSTALL": "path",
        "DEPLOY_POSTINSTALL": HOOK.format(step="postinstall"),
        "DEPLOY_RESTART": HOOK.format(step="restart")
        + ' || [ "$DEPLOYTASKS_RELEASE" = "$(cat $PWD/../../shared/fail-restart)" ]',
        "DEPLOY_MIGRATE": "[ ! -e ../../shared/fail-migrate ]",
    }


def sabotage(site: Site, step: str, app: Application) -> None:
    """Make `step` fail on host4 (migrate runs on the primary host only), for other releases than the one served."""
    served = site.currents()[3]
    number = 0 if step == "migrate" else 3
    shared = site.paths()[number]
    if step in ("postinstall", "migrate", "restart"):
        (shared / f"shared/fail-{step}").write_text(f"{served}\n")
    elif step == "verify":
        app.answer = lambda release, count: (200 if release == served else 503, "")
        site.configure(
            **hooks(), DEPLOY_HEALTH_URL=app.url, DEPLOY_HEALTH_TIMEOUT="0.5", DEPLOY_HEALTH_SETTLE="0"
        )
    elif step == "check":
        tool(site, "rsync", "echo openrsync: protocol version 29")
    elif step == "lock":
        assert site.project.fab("lock", "--env=staging", "--message=not now", "--limit=host4").code == 0
    elif step == "upload":
        tool(site, "rsync", "trap '' XFSZ; ulimit -f 0; exec /usr/bin/rsync \"$@\"")  # as on a full disk
    elif step == "publish":
        site.configure(
            **{**hooks(), "DEPLOY_POSTINSTALL": '[ "$DEPLOYTASKS_HOST" != host4 ] || rm -r "$PWD"'}
        )
    elif step == "prepare":
        (shared / "releases").rename(shared / "releases.kept")
        (shared / "releases").write_text("in the way")
    elif step == "install":
        site.project.write("requirements.txt", "no-such-package-anywhere==1\n")
        site.project.commit()
    elif step == "wait_for_services":
        site.configure(**hooks(), DATABASE_URL="sqlite:////no/such/directory/db.sqlite3")
    elif step == "link_shared":
        site.configure(**hooks(), DEPLOY_SHARED_DIRS="blocked/inside")
        (shared / "shared/blocked").write_text("in the way")


def tool(site: Site, name: str, script: str) -> None:
    """Put another program of that name first on the PATH of host4."""
    program(site.farm.hosts[3].directory / "tools" / name, script)


def heal(site: Site) -> None:
    path = site.paths()[3]
    (site.farm.hosts[3].directory / "tools/rsync").unlink(missing_ok=True)
    if (path / ".deploytasks/lock").exists():
        assert site.project.fab("unlock", "--env=staging", "--yes").code == 0
    if (path / "releases.kept").exists():
        (path / "releases").unlink()
        (path / "releases.kept").rename(path / "releases")


WITHOUT_WORK = ("backup", "start")
"""Steps that nothing is asked of here."""
LEFT = (step.name for step in DEFAULT.left_of_bar() if step.name not in WITHOUT_WORK)
BEFORE = ("check", "lock", *LEFT)
AFTER = ("publish", "restart", "verify")
CODES = {"lock": 5, "wait_for_services": 78}


@pytest.mark.parametrize("step", [*BEFORE, *AFTER])
def test_when_a_step_fails_on_one_of_five_hosts_all_serve_what_they_served(five: Site, step: str) -> None:
    first = five.project.deploy()
    five.project.write("page.txt", "new\n")
    five.project.commit()
    with application(five.paths()[3] / "current") as app:
        sabotage(five, step, app)
        done = five.project.fab("deploy", "--env=staging", "--json")
    heal(five)
    assert done.code == CODES.get(step, 1), done.err
    assert five.currents() == [first] * 5
    told = [(host["release"], host["outcome"]) for host in done.document["hosts"]]
    assert told == [(first, "unchanged")] * 5
    published = {one["host"] for one in done.document["steps"] if one["step"] == "publish"}
    assert bool(published) == (step in AFTER)
    assert five.unlocked()


def test_when_one_host_cannot_write_its_history_all_five_go_back(five: Site) -> None:
    old = five.project.deploy()
    history = five.paths()[3] / ".deploytasks/history.jsonl"
    history.rename(history.with_suffix(".kept"))
    history.mkdir()
    done = five.project.fab("deploy", "--env=staging", "--json")
    assert done.code == 1, done.err
    assert "host4" in done.document["error"] and "bug" not in done.err
    assert five.currents() == [old] * 5 and five.unlocked()
    assert {host["release"] for host in done.document["hosts"]} == {old}


def test_when_nothing_can_be_pruned_on_one_of_five_hosts_all_serve_the_new_release(five: Site) -> None:
    five.configure(**hooks(), DEPLOY_KEEP_RELEASES="1")
    five.project.deploy()
    place = five.paths()[3] / ".deploytasks/trash"
    shutil.rmtree(place, ignore_errors=True)
    place.write_text("in the way")
    done = five.project.fab("deploy", "--env=staging", "--json")
    assert done.code == 0, done.err
    assert five.currents() == [done.document["release"]] * 5 and five.unlocked()
    assert "host4: could not prune: /" in done.err
    assert "/.deploytasks/trash is not a directory; see what it is, and move it away" in done.err
    alone = five.project.fab("prune", "--env=staging", "--limit=host4")
    place.unlink()
    assert alone.code == 1 and "trash" in alone.err


def test_a_batch_that_fails_takes_the_batches_before_it_back(five: Site) -> None:
    first = five.project.deploy()
    five.configure(**hooks(), DEPLOY_BATCH="2")
    with application(five.paths()[3] / "current") as app:
        sabotage(five, "restart", app)
    done = five.project.fab("deploy", "--env=staging", "--json")
    assert done.code == 1
    assert five.currents() == [first] * 5


def test_of_two_deploys_at_the_same_instant_exactly_one_proceeds(five: Site, repeat: int) -> None:
    """The one that proceeds waits, in its postinstall, for the other to end: if both did, neither would end."""
    go = five.paths()[0] / "shared/go"
    wait = 'if [ "$DEPLOYTASKS_PRIMARY" = yes ]; then until [ -e ../../shared/go ]; do sleep 0.05; done; fi'
    five.configure(**{**hooks(), "DEPLOY_POSTINSTALL": wait})
    for _ in range(repeat):
        go.unlink(missing_ok=True)
        both = [five.project.start("deploy", "--env=staging") for _ in range(2)]
        wait_until(lambda: any(one.poll() is not None for one in both), "one of two deploys ends", 60)  # noqa: B023
        assert sorted(one.poll() or 0 for one in both) == [0, 5]
        go.parent.mkdir(parents=True, exist_ok=True)
        go.touch()
        assert sorted(ended(one) for one in both) == [0, 5]
        assert len(set(five.currents())) == 1 and five.currents()[0]
        assert five.unlocked()


class Page(BaseHTTPRequestHandler):
    """Serves what `current` of the host in the path leads to, as a web server would: both files of one release."""

    site: Site

    def do_GET(self) -> None:
        top = self.site.paths()[int(self.path[1:])]
        release = top / os.readlink(top / "current")
        try:
            answer, code = (release / "page.txt").read_bytes() + (release / "other.txt").read_bytes(), 200
        except OSError as error:
            answer, code = f"{release}: {error}".encode(), 500
        self.send_response(code)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


class Client(threading.Thread):
    """Asks every host for its page every 20 ms."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self.ended, self.wrong, self.asked = threading.Event(), list[str](), 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Pages", (Page,), {"site": site}))
        self.hosts = len(site.paths())

    def run(self) -> None:
        serving = threading.Thread(target=self.server.serve_forever, daemon=True)
        serving.start()
        while not self.ended.wait(0.02):
            for number in range(self.hosts):
                self.ask(number)
        self.server.shutdown()
        self.server.server_close()

    def ask(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=20)
        try:
            connection.request("GET", f"/{number}")
            answer = connection.getresponse()
            lines = answer.read().decode().splitlines()
        except (OSError, http.client.HTTPException) as error:
            self.wrong.append(repr(error))
            return
        finally:
            connection.close()
        self.asked += 1
        if answer.status != 200 or len(lines) != 2 or lines[0] != lines[1]:
            self.wrong.append(f"host{number + 1}: {answer.status} {lines}")


def test_killed_at_any_moment_every_host_serves_a_whole_release_and_the_next_deploy_succeeds(
    five: Site, repeat: int
) -> None:
    write_pages(five, 0)
    began = time.monotonic()
    five.project.deploy()
    whole = time.monotonic() - began
    client = Client(five)
    client.start()
    moments = 4 * repeat
    for number in range(1, moments + 1):
        write_pages(five, number)
        process = five.project.start("deploy", "--env=staging")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=whole * number / (moments + 1))
        process.kill()
        process.communicate()
        five.project.deploy()
        assert len(set(five.currents())) == 1 and five.unlocked()
    client.ended.set()
    client.join()
    assert client.asked > 0 and client.wrong == []


def write_pages(site: Site, number: int) -> None:
    """Two files that belong together: a mix of releases would show in them."""
    site.project.write("page.txt", f"{number}\n")
    site.project.write("other.txt", f"{number}\n")
    site.project.commit()
