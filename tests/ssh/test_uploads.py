"""An upload makes a directory on a host equal to one here, over the very route that commands take."""

import getpass
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from deploytasks.config.environment import Host
from deploytasks.config.secret import Secret
from deploytasks.errors import UsageError
from deploytasks.source.ships import exclusions
from deploytasks.ssh.master import Master
from deploytasks.ssh.route import SshOptions
from deploytasks.upload.progress import Progress
from deploytasks.upload.upload import Upload
from tests.rig import ROOT, Farm, Sshd, make_key, wait_until
from tests.ssh.routes import answer, route

ODD_NAMES = [
    "a b",
    "it's",
    'say "hi"',
    "$HOME",
    "`id`",
    "-rf",
    "* ?",
    "back\\slash",
    "Ümläut",
    "tab\there",
    "new\nline",
    "#c",
    ";s",
]
Entry = tuple[int, str, float]


def tree(top: Path) -> dict[str, Entry]:
    """Every path below `top`: mode, content (or where a link leads), modification time of files."""
    return {str(path.relative_to(top)): entry(path) for path in sorted(top.rglob("*"))}


def entry(path: Path) -> Entry:
    state = path.lstat()
    if stat.S_ISLNK(state.st_mode):
        return (0o777, f"-> {path.readlink()}", 0.0)
    if stat.S_ISDIR(state.st_mode):
        return (state.st_mode, "/", 0.0)
    return (state.st_mode, path.read_text(), state.st_mtime)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    top = tmp_path / "it's a tree"
    (top / "bin").mkdir(parents=True)
    (top / "bin" / "run").write_text("#!/bin/sh\n")
    (top / "bin" / "run").chmod(0o755)
    (top / "private").mkdir(mode=0o700)
    (top / "private" / "key").write_text("k")
    (top / "private" / "key").chmod(0o600)
    (top / "link").symlink_to("bin/run")
    (top / "dangling").symlink_to("/nowhere/at all")
    for name in ODD_NAMES:
        (top / name).write_text(name)
    return top


def target_on(host: Sshd, name: str = "release") -> tuple[str, Path]:
    """A directory as the host names it, and the same on this machine."""
    return f"{host.remote_srv}/{name}", host.srv / name


@pytest.mark.parametrize("name", ["host1", "host2"], ids=["directly", "through a jump host"])
def test_names_modes_times_and_links_arrive_as_they_are(hosts: Farm, source: Path, name: str) -> None:
    host = next(host for host in hosts.hosts if host.alias == name)
    there, here = target_on(host)
    result = Upload(source, there, route=route(hosts, name)).run()
    assert (result.ok, tree(here)) == (True, tree(source))
    assert result.value == {
        "files": 2 + len(ODD_NAMES),
        "bytes": sum(f.stat().st_size for f in source.rglob("*") if f.is_file() and not f.is_symlink()),
    }


@pytest.mark.parametrize("name", ["with space", "$(touch oops)", "it's", 'quo"te', "-n"])
def test_the_target_may_have_any_name(hosts: Farm, source: Path, name: str) -> None:
    there, here = target_on(hosts.hosts[0], name)
    assert Upload(source, there, route=route(hosts, "host1")).run().ok
    assert tree(here) == tree(source)


@pytest.mark.parametrize("name", ["a*", "a?", "[a]", "a\\b", "a\nb"])
def test_a_target_that_rsync_takes_for_a_pattern_is_refused(source: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="rsync takes this for a pattern"):
        Upload(source, f"{tmp_path}/{name}").run()


def test_an_ipv6_host_gets_the_tree(ipv6_host: Farm, source: Path) -> None:
    host = ipv6_host.hosts[0]
    there, here = target_on(host)
    assert Upload(source, there, route=route(ipv6_host, Host("::1", port=host.port))).run().ok
    assert tree(here) == tree(source)


def test_a_local_host_gets_the_tree_by_the_same_rsync(source: Path, tmp_path: Path) -> None:
    assert Upload(source, f"{tmp_path}/a target").run().ok
    assert tree(tmp_path / "a target") == tree(source)


def test_it_goes_through_the_bundled_patchwork(
    hosts: Farm, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deploytasks._vendor.patchwork import transfers

    real: Callable[..., object] = transfers.rsync
    calls: list[dict[str, object]] = []

    def counted(connection: object, **words: object) -> object:
        calls.append(words)
        return real(connection, **words)

    monkeypatch.setattr(transfers, "rsync", counted)
    assert Upload(source, target_on(hosts.hosts[0], "patchwork")[0], route=route(hosts, "host1")).run().ok
    assert len(calls) == 1


def test_nothing_is_left_over_not_even_what_is_excluded(hosts: Farm, source: Path) -> None:
    there, here = target_on(hosts.hosts[0], "stale")
    (here / "gone" / "__pycache__").mkdir(parents=True)
    (here / "gone" / "__pycache__" / "mod.cpython-311.pyc").write_text("old")
    (here / "mod.pyc").write_text("old")
    (here / "media").mkdir()
    assert Upload(source, there, route=route(hosts, "host1"), excludes=exclusions(["media/"])).run().ok
    assert tree(here) == tree(source)


def test_excluded_paths_stay_here(hosts: Farm, source: Path) -> None:
    expected = tree(source)
    for name in (".git", "vendor/one/.git", "x.pyc", "pkg/__pycache__/x", "# notes", "media/big", "- dash"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("not shipped")
    expected |= {name: entry(source / name) for name in ("vendor", "vendor/one", "pkg")}
    there, here = target_on(hosts.hosts[0], "excluded")
    patterns = exclusions(["# notes", "/media", "- dash"])
    assert Upload(source, there, route=route(hosts, "host1"), excludes=patterns).run().ok
    assert tree(here) == expected


@pytest.mark.parametrize(
    "name", ["host1", "host2", ""], ids=["directly", "through a jump host", "on this machine"]
)
def test_a_guard_that_fails_keeps_everything_as_it_is(
    hosts: Farm, source: Path, tmp_path: Path, name: str
) -> None:
    there = f"{hosts.hosts[0].remote_srv}/guarded" if name else str(tmp_path / "guarded")
    way = route(hosts, name) if name else None
    result = Upload(source, there, route=way, guard="test \"$(echo 'my token')\" = other").run()
    assert (result.ok, result.kind) == (False, "lock_lost")
    assert (
        not any((host.srv / "guarded").exists() for host in hosts.hosts)
        and not (tmp_path / "guarded").exists()
    )


def test_a_guard_that_holds_lets_the_upload_through(hosts: Farm, source: Path) -> None:
    there, here = target_on(hosts.hosts[0], "held")
    guard = f"test \"$(cat '{hosts.hosts[0].remote_srv}/token')\" = 'my token'"
    (hosts.hosts[0].srv / "token").write_text("my token")
    assert Upload(source, there, route=route(hosts, "host1"), guard=guard).run().ok
    assert tree(here) == tree(source)


def test_a_failed_rsync_is_a_failure_with_its_last_lines(hosts: Farm, source: Path) -> None:
    there, here = target_on(hosts.hosts[0], "file/below")
    here.parent.write_text("in the way")
    result = Upload(source, there, route=route(hosts, "host1")).run()
    assert (result.ok, bool(result.code), result.error.startswith("rsync ended with exit code")) == (
        False,
        True,
        True,
    )
    assert any("file/below" in line for line in result.tail)


def test_an_incomplete_upload_is_a_failure(hosts: Farm, source: Path) -> None:
    there, here = target_on(hosts.hosts[0], "partial")
    (here / "link" / "full").mkdir(parents=True)
    blocked = "mount --bind . ." if ROOT else "chmod 500 ."
    guard = f"cd '{there}/link' && {blocked}"
    assert Upload(source, there, route=route(hosts, "host1"), guard=guard).run().code == 23


def test_an_unreachable_host_is_a_disconnection(own_hosts: Farm, source: Path) -> None:
    own_hosts.hosts[0].stop()
    result = Upload(source, "/srv/x", route=route(own_hosts, "host1")).run()
    assert (result.ok, result.kind) == (False, "disconnected")


def test_progress_is_told_while_it_runs(hosts: Farm, source: Path) -> None:
    told: list[Progress] = []
    there, _ = target_on(hosts.hosts[0], "progress")
    assert Upload(source, there, route=route(hosts, "host1"), on_progress=told.append).run().ok
    assert told[-1].files == 2 + len(ODD_NAMES)


@pytest.mark.parametrize(
    "name", ["host1", "host2", ""], ids=["directly", "through a jump host", "on this machine"]
)
def test_a_cancelled_upload_leaves_nothing_running(
    hosts: Farm, source: Path, tmp_path: Path, name: str
) -> None:
    mark = tmp_path / "mark"
    os.mkfifo(mark)
    upload = Upload(
        source,
        "/srv/x",
        route=route(hosts, name) if name else None,
        guard=f"echo on > '{mark}'; sleep 4711.{os.getpid()}",
    )
    results = []
    worker = threading.Thread(target=lambda: results.append(upload.run()))
    worker.start()
    assert mark.read_text() == "on\n"
    upload.cancel()
    worker.join(20.0)
    assert [(result.ok, result.kind) for result in results] == [(False, "cancelled")]
    assert running(str(source)) == []


def running(words: str) -> list[str]:
    """Command lines of processes of this machine that contain `words`."""
    listed = subprocess.run(["ps", "-eo", "args="], check=True, capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if words in line]


def test_an_upload_cancelled_before_it_began_does_nothing(source: Path, tmp_path: Path) -> None:
    upload = Upload(source, str(tmp_path / "never"))
    upload.cancel()
    assert (upload.run().kind, (tmp_path / "never").exists()) == ("cancelled", False)


def test_no_temporary_file_stays(
    hosts: Farm, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch dir"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    assert Upload(source, target_on(hosts.hosts[0], "scratch")[0], route=route(hosts, "host2")).run().ok
    assert list(scratch.iterdir()) == []


def test_a_passphrase_serves_rsync_too_and_is_in_no_argument(
    own_hosts: Farm, source: Path, tmp_path: Path
) -> None:
    own_hosts.hosts[0].authorized_keys.write_text(make_key(own_hosts.identity, "open sesame") + "\n")
    there, here = target_on(own_hosts.hosts[1])
    mark = tmp_path / "mark"
    os.mkfifo(mark)
    way = route(own_hosts, "host2", SshOptions(passphrase=Secret("open sesame")))
    upload = Upload(source, there, route=way, guard=f"echo on > '{mark}'; read line < '{mark}'")
    results = []
    worker = threading.Thread(target=lambda: results.append(upload.run()))
    worker.start()
    assert mark.read_text() == "on\n"
    shown = running("open sesame")
    mark.write_text("go\n")
    worker.join(20.0)
    assert ([result.ok for result in results], tree(here), shown) == ([True], tree(source), [])


def logins(made: Farm) -> int:
    return sum(host.log.count("Accepted publickey") for host in made.everyone)


def test_an_upload_rides_on_a_connection_opened_ahead_of_it(hosts: Farm, source: Path) -> None:
    there, here = target_on(hosts.hosts[1], "ahead")
    way = route(hosts, "host2")
    master = Master(way)
    try:
        wait_until((master.config.parent / "master").exists, "the connection is up")
        before = logins(hosts)
        assert Upload(source, there, way, master=master).run().ok
    finally:
        master.close()
    assert (tree(here), logins(hosts) - before, master.config.parent.exists()) == (tree(source), 0, False)
    assert running(str(master.config)) == []


def test_an_upload_does_without_a_connection_that_never_came_up(own_hosts: Farm, source: Path) -> None:
    host = own_hosts.hosts[0]
    host.stop()
    way = route(own_hosts, "host1")
    master = Master(way)
    try:
        wait_until(lambda: not running(str(master.config)), "the connection has failed")
        host.start()
        there, here = target_on(host)
        assert Upload(source, there, way, master=master).run().ok
    finally:
        master.close()
    assert tree(here) == tree(source)


def test_a_connection_opened_ahead_ends_with_a_killed_deploy(hosts: Farm) -> None:
    program = (
        "import os, signal, sys, time\nfrom pathlib import Path\nfrom deploytasks.ssh.master import Master\n"
        "from deploytasks.ssh.route import Hop, Route\n"
        "key, known, port, user = sys.argv[1:]\n"
        "hop = Hop('web', '127.0.0.1', int(port), user, (Path(key),), True, None, (Path(known),))\n"
        "master = Master(Route('web', (hop,)))\n"
        "print(master.config, flush=True)\n"
        "while not (master.config.parent / 'master').exists():\n    time.sleep(0.01)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    words = [
        sys.executable,
        "-c",
        program,
        str(hosts.identity),
        str(hosts.known_hosts),
        str(hosts.hosts[0].port),
    ]
    killed = subprocess.run([*words, getpass.getuser()], stdout=subprocess.PIPE, text=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    wait_until(lambda: not running(killed.stdout.strip()), "the connection has ended")
    shutil.rmtree(Path(killed.stdout.strip()).parent)


def test_a_proxy_command_serves_commands_and_uploads(own_hosts: Farm, source: Path) -> None:
    jump = own_hosts.directory / "jump_config"
    own_hosts.ssh_config.rename(jump)
    text = jump.read_text().replace("ProxyJump jump", f"ProxyCommand ssh -F {jump} -W '[%h]:%p' jump")
    own_hosts.ssh_config.write_text(text)
    there, here = target_on(own_hosts.hosts[1])
    way = route(own_hosts, "host2")
    assert (len(way.hops), answer(way)) == (1, "reached\n")
    assert Upload(source, there, way).run().ok
    assert tree(here) == tree(source)
    wait_until(lambda: not running(f"-F {jump}"), "the proxy commands have ended")
