"""Ten secrets go through a real deploy over SSH; nobody else can read one, in a process list, a log or a file."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploytasks.config.canonical import canonical
from tests.configuration.tracing import Trace
from tests.release.project import BIN, Plain, make_plain
from tests.rig import ROOT, Farm, farm

SECRETS = {
    "PLAIN_PASSWORD": "Wq7-correct-horse-battery",
    "QUOTES_SECRET": 'Wq7 it\'s a "quoted" one',
    "PERCENT_TOKEN": "Wq7%41%2F100%done",
    "DOLLAR_KEY": "Wq7$HOME$(id)`id`",
    "NON_ASCII_SECRET": "Wq7-Zürich-Ærø-€",
    "SIX_TOKEN": "Wq7z9k",
    "LONG_KEY": "Wq7" + "0123456789abcdefghijklmnopqrstuvwxyz" * 111 + "x",
    "SIGNING_KEY": "-----BEGIN KEY-----\nWq7MIIEvQIBADANBgkqhkiG9w0\nWq7BAQEFAASCBKcwggSj\n-----END KEY-----\n",
    "BACKSLASH_DSN": "Wq7\\d+\\w 'quoted'",
    "DATABASE_URL": "mysql://app:Wq7-database-pass@db.invalid/app",
}
POSTINSTALL = """\
#!/usr/bin/env python3
import base64, json, os, sys, urllib.parse
names = json.loads(os.environ["NAMES"])
for name in names:
    value = os.environ[name]
    print(name, value, repr(value), json.dumps(value), urllib.parse.quote(value))
    print(base64.b64encode(value.encode()).decode(), file=sys.stderr)
print(dict(os.environ))
sys.exit(os.environ["DEPLOYTASKS_RELEASE"] == "" or os.path.exists("fail"))
"""
SAMPLER = """\
import json, os, select, sys
needles = [needle.encode() for needle in json.loads(sys.stdin.readline())]
found, rounds = set(), 0
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0.02)[0]:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            foreign = os.stat("/proc/" + pid).st_uid != os.getuid()
            for name in ("cmdline", "environ") if foreign else ("cmdline",):
                with open("/proc/%s/%s" % (pid, name), "rb") as stream:
                    said = stream.read()
                found.update((name, said[:200].decode("utf-8", "replace")) for needle in needles if needle in said)
        except OSError:
            continue
    rounds += 1
print(json.dumps([rounds, sorted(found)]))
"""


def needles() -> list[str]:
    """What must not be seen: every secret, every line of one, and the password of the URL, in three writings."""
    lines = [line for text in SECRETS.values() for line in text.splitlines() if "Wq7" in line]
    plain = [*lines, "Wq7-database-pass"]
    coded = [base64.b64encode(text.encode()).decode().rstrip("=")[:-1] for text in SECRETS.values()]
    return [*plain, *coded, *(urllib.parse.quote(text) for text in plain)]


@dataclass(frozen=True)
class Deployment:
    """A project with ten secrets, and all places where a deploy writes."""

    project: Plain
    top: Path
    """DEPLOY_PATH, as this machine sees it."""
    places: tuple[Path, ...]
    here: Trace
    """What `run` starts on this machine."""
    there: Trace
    """What the host's sshd starts."""

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run fab, looking at every file that is there meanwhile and afterwards."""
        process = subprocess.Popen(
            (*self.here.tracer, BIN / "fab", *words),
            cwd=self.project.root,
            env=self.process,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while True:
            assert exposed(self.places) == []
            try:
                out, err = process.communicate(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
            assert exposed(self.places) == []
            return subprocess.CompletedProcess(words, process.returncode, out, err)

    @property
    def process(self) -> dict[str, str]:
        cache, temporary = self.places[1:3]
        return {**os.environ, "XDG_CACHE_HOME": str(cache), "TMPDIR": str(temporary)}


def exposed(places: tuple[Path, ...]) -> list[tuple[str, str]]:
    """Files with a secret in them that others can read, or that have no business with secrets; with their modes."""
    sought = [needle.encode() for needle in needles()]
    found = []
    for place in places:
        for directory, names, files in os.walk(place):
            names[:] = [name for name in names if name not in ("venvs", ".git")]
            for path in (Path(directory, name) for name in files):
                try:
                    status, data = path.lstat(), path.read_bytes()
                except FileNotFoundError:
                    continue
                private = (
                    path.name.startswith((".env", "environment.json", "staging.local.env"))
                    and not status.st_mode & 0o077
                )
                if not private and any(needle in data for needle in sought):
                    found.append((str(path), oct(status.st_mode)))
    return found


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return Trace(tmp_path_factory.mktemp("trace") / "host")


@pytest.fixture(scope="module")
def one_host(tmp_path_factory: pytest.TempPathFactory, there: Trace) -> Iterator[Farm]:
    """One host whose sshd is traced."""
    with farm(tmp_path_factory.mktemp("one"), count=1) as made:
        made.hosts[0].stop()
        made.hosts[0].tracer = there.tracer
        made.hosts[0].start()
        yield made


@pytest.fixture
def deployment(tmp_path: Path, one_host: Farm, there: Trace) -> Deployment:
    project = make_plain(tmp_path)
    project.write("postinstall", POSTINSTALL, 0o755)
    project.commit()
    host = one_host.hosts[0]
    project.environment(
        "staging",
        DEPLOY_HOSTS=host.name,
        DEPLOY_SSH_CONFIG=one_host.ssh_config,
        DEPLOY_VENDOR_INSTALL="path",
        DEPLOY_PATH=f"{host.remote_srv}/{tmp_path.name}",
        DEPLOY_WAIT_FOR="",
        NAMES=json.dumps(list(SECRETS)),
    )
    (project.root / "environments/staging.local.env").touch(0o600)
    (project.root / "environments/staging.local.env").write_text(canonical(SECRETS), "utf-8")
    for name in ("cache", "tmp"):
        (tmp_path / name).mkdir()
    return Deployment(
        project,
        host.srv / tmp_path.name,
        (project.root, tmp_path / "cache", tmp_path / "tmp", host.srv, host.home),
        Trace(tmp_path / "trace"),
        there,
    )


class Sampler:
    """Looks at all command lines, and at the environments of other users' processes, as another user if it can."""

    def __init__(self) -> None:
        other: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if ROOT else {}
        self._process = subprocess.Popen(
            ("/usr/bin/python3", "-c", SAMPLER),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            **other,
        )
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(needles()) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ready\n"

    def end(self) -> tuple[int, list[list[str]]]:
        """How often it looked, and what it saw."""
        rounds, found = json.loads(self._process.communicate("end\n")[0])
        return rounds, found


def given(trace: Trace) -> list[list[bytes]]:
    """The programs that were given a secret as an argument."""
    sought = [needle.encode() for needle in needles()]
    return [words for words in trace.started() if any(needle in word for word in words for needle in sought)]


def programs(trace: Trace) -> set[str]:
    """The names of the programs that were started."""
    return {Path(os.fsdecode(words[0])).name for words in trace.started()}


def shows_no_secret(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether nothing of a secret was printed."""
    return not [needle for needle in needles() if needle in done.stdout + done.stderr]


def test_no_process_list_output_or_file_shows_a_secret_of_a_deploy(deployment: Deployment) -> None:
    sampler = Sampler()
    done = deployment.run("deploy", "--env=staging")
    assert given(deployment.here) == []
    assert programs(deployment.here) >= {"fab", "git", "rsync", "ssh"}
    again = deployment.run("deploy", "--env=staging", "--json")
    seen = sampler.end()
    assert given(deployment.here) == given(deployment.there) == []
    assert programs(deployment.there) >= {"python3", "rsync", "postinstall"}
    assert (done.returncode, again.returncode) == (0, 0), done.stderr + again.stderr
    assert shows_no_secret(done) and shows_no_secret(again)
    assert seen[1] == []
    assert seen[0] > 10
    for name in (".env", "environment.json"):
        assert (deployment.top / "current" / name).stat().st_mode & 0o777 == 0o600
    written = json.loads((deployment.top / "current/environment.json").read_text("utf-8"))
    assert {name: written[name] for name in SECRETS} == SECRETS


def test_an_argument_of_a_program_that_lives_for_a_moment_is_seen(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    subprocess.run((*trace.tracer, "sh", "-c", "/bin/true 'Wq7-Zürich-Ærø-€'; exec /bin/false"), check=False)
    assert given(trace)[1:] == [[b"/bin/true", b"/bin/true", "Wq7-Zürich-Ærø-€".encode()]]
    assert programs(trace) == {"sh", "true", "false"}


def test_a_step_that_fails_and_prints_its_settings_shows_them_masked(deployment: Deployment) -> None:
    deployment.project.write("fail", "")
    deployment.project.commit()
    done = deployment.run("deploy", "--env=staging", "--json")
    assert done.returncode == 1
    assert shows_no_secret(done)
    assert "[PLAIN_PASSWORD]" in done.stderr


def test_the_command_that_failed_is_shown_and_remembered_masked(deployment: Deployment) -> None:
    with (deployment.project.root / "environments/staging.local.env").open("a") as layer:
        layer.write("DEPLOY_MIGRATE='echo Wq7z9k; exit 9'\n")
    done = deployment.run("deploy", "--env=staging", "--json")
    assert done.returncode == 1
    assert shows_no_secret(done)
    failed = "host1: migrate: `sh -c 'echo [SIX_TOKEN]; exit 9'` ended with exit code 9"
    assert json.loads(done.stdout)["error"] == failed
    assert failed in (deployment.top / ".deploytasks/history.jsonl").read_text("utf-8")


def test_the_comparison_with_the_hosts_finds_what_was_edited_there(deployment: Deployment) -> None:
    same = deployment.run("env.diff", "staging", "staging", "--remote")
    assert (same.returncode, same.stdout) == (0, "host1  no release  the same as staging\n")
    assert deployment.run("deploy", "--env=staging").returncode == 0
    release = (deployment.top / "current").readlink().name
    same = deployment.run("env.diff", "staging", "staging", "--remote")
    assert (same.returncode, same.stdout) == (0, f"host1  {release}  the same as staging\n")
    path = deployment.top / "current" / ".env"
    path.write_text(
        path.read_text("utf-8").replace("SIX_TOKEN='Wq7z9k'", "SIX_TOKEN='edited'") + "DEBUG=yes\nA='1'\n",
        "utf-8",
    )
    lines = path.read_text("utf-8").splitlines()
    edited = deployment.run("env.diff", "staging", "staging", "--remote")
    assert edited.stdout == (
        f"host1  {release}  extra: A; different: SIX_TOKEN; edited: A, SIX_TOKEN, line {lines.index('DEBUG=yes') + 1}\n"
    )
    found = json.loads(deployment.run("env.diff", "staging", "staging", "--remote", "--json").stdout)
    assert found["hosts"][0]["edited"] == ["A", "SIX_TOKEN", f"line {lines.index('DEBUG=yes') + 1}"]
