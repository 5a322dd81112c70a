"""The way to a host is what OpenSSH makes of ssh_config, for Fabric and for rsync."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploytasks.config.environment import Environment, Host
from deploytasks.config.secret import Secret
from deploytasks.config.settings import Settings
from deploytasks.errors import UsageError
from deploytasks.ssh.config import route_to
from deploytasks.ssh.openssh import render, written_config
from deploytasks.ssh.route import Hop, Route, SshOptions

Way = Callable[..., Route]


@pytest.fixture
def way(tmp_path: Path) -> Way:
    """A function from an ssh_config and a host to its route."""

    def made(config: str, host: Host, options: SshOptions | None = None, **settings: Any) -> Route:
        (tmp_path / "ssh_config").write_text(config)
        told = Settings(path="/srv/app", ssh_config="ssh_config", **settings)
        return route_to(Environment("test", tmp_path, (), told), host, options or SshOptions())

    return made


def names(route: Route) -> list[str]:
    return [f"{hop.user}@{hop.hostname}:{hop.port}" for hop in route.hops]


COMMON = "\nHost *\n  User someone\n"


@pytest.mark.parametrize(
    ("config", "host", "hops"),
    [
        ("", Host("web"), ["someone@web:22"]),
        ("Host web\n HostName 10.0.0.1\n Port 2200\n User app", Host("web"), ["app@10.0.0.1:2200"]),
        ("Host web\n HostName 10.0.0.1\n Port 2200\n User app", Host("web", "me", 22), ["me@10.0.0.1:22"]),
        ("Host web\n HostName %h.example.com", Host("web"), ["someone@web.example.com:22"]),
        ("Host web\n ProxyJump me@gate:2022", Host("web"), ["me@gate:2022", "someone@web:22"]),
        ("Host web\n ProxyJump a,b", Host("web"), ["someone@a:22", "someone@b:22", "someone@web:22"]),
        (
            "Host web\n ProxyJump b\nHost b\n ProxyJump a",
            Host("web"),
            ["someone@a:22", "someone@b:22", "someone@web:22"],
        ),
        (
            "Host web\n ProxyJump c,b\nHost b\n ProxyJump a",
            Host("web"),
            ["someone@c:22", "someone@b:22", "someone@web:22"],
        ),
        ("Host web\n ProxyJump none\nHost *\n ProxyJump gate", Host("web"), ["someone@web:22"]),
        ("Host web\n ProxyJump ssh://me@gate:2022", Host("web"), ["me@gate:2022", "someone@web:22"]),
        ("Host web\n ProxyJump me@[::1]:2022", Host("web"), ["me@::1:2022", "someone@web:22"]),
        ("", Host("::1", "me", 2022), ["me@::1:2022"]),
    ],
    ids=[
        "a plain name",
        "an alias",
        "what DEPLOY_HOSTS says wins",
        "tokens",
        "a jump host",
        "a list of jump hosts",
        "a jump host with a jump host",
        "a list overrides the jump host of its last",
        "ProxyJump none",
        "a jump host as a URL",
        "an IPv6 jump host",
        "an IPv6 host",
    ],
)
def test_hops_are_those_openssh_would_pass(way: Way, config: str, host: Host, hops: list[str]) -> None:
    assert names(way(config + COMMON, host)) == hops


def test_jump_hosts_in_a_circle_are_refused(way: Way) -> None:
    with pytest.raises(UsageError, match="ProxyJump goes round in circles"):
        way("Host a\n ProxyJump b\nHost b\n ProxyJump a", Host("a"))
    with pytest.raises(UsageError, match="jumphost loop via gate"):
        way("Host *\n ProxyJump gate", Host("web"))


@pytest.mark.parametrize(
    "host", [Host("-oProxyCommand=x"), Host("web;id"), Host("web", "a b"), Host("$(id)")]
)
def test_a_name_that_is_no_host_is_refused(way: Way, host: Host) -> None:
    with pytest.raises(UsageError, match="is not a user and host name"):
        way("", host)


def test_a_jump_host_that_is_no_host_is_refused(way: Way) -> None:
    with pytest.raises(UsageError):
        way("Host web\n ProxyJump -oProxyCommand=id", Host("web"))


def test_included_files_and_matches_count(way: Way, tmp_path: Path) -> None:
    (tmp_path / "more").write_text("Match host web user app\n  Port 2200\n")
    assert names(way(f"Include {tmp_path}/more\n", Host("web", "app"))) == ["app@web:2200"]


def test_identities_are_existing_files_with_i_first(way: Way, tmp_path: Path) -> None:
    for name in ("given", "my key", "web.key"):
        (tmp_path / name).touch()
    files = [f'"{tmp_path}/my key"', f"{tmp_path}/%n.key", f"{tmp_path}/missing"]
    config = "Host web\n" + "".join(f" IdentityFile {file}\n" for file in files)
    route = way(config, Host("web"), SshOptions(identities=(str(tmp_path / "given"),)))
    assert [path.name for path in route.target.identities] == ["given", "my key", "web.key"]


def test_a_proxy_command_is_kept_with_its_tokens_replaced(way: Way) -> None:
    assert (
        way(
            "Host web\n HostName 10.0.0.1\n ProxyCommand nc -x p %h %p 100%%", Host("web")
        ).target.proxy_command
        == "nc -x p 10.0.0.1 22 100%"
    )


def test_the_connect_timeout_of_the_command_line_wins(way: Way) -> None:
    assert way("", Host("web"), SshOptions(connect_timeout=3), connect_timeout=20.0).connect_timeout == 3


def test_the_config_for_openssh_is_private_and_goes_away(tmp_path: Path) -> None:
    route = Route("web", (Hop("web", "10.0.0.1", 22, "app"),))
    with written_config(route) as path:
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert not path.exists() and not path.parent.exists()


def test_openssh_reads_the_config_back_as_it_was_meant(tmp_path: Path) -> None:
    key = tmp_path / "100% my key"
    key.touch()
    jump = Hop(
        "gate", "10.0.0.1", 2022, "me", known_hosts=(tmp_path / "known hosts",), host_key_alias="alias"
    )
    target = Hop("web", "10.0.0.1", 22, "app", (key,), True, "/run/agent", (tmp_path / "known hosts",))
    path = tmp_path / "config"
    path.write_text(render(Route("web", (jump, target)), path))
    told = [settings(path, name) for name in ("jump-1", "10.0.0.1")]
    shared = {
        "userknownhostsfile": f"{tmp_path}/known hosts",
        "globalknownhostsfile": "none",
        "batchmode": "yes",
    }
    assert told == [
        {**shared, "hostname": "10.0.0.1", "port": "2022", "user": "me", "hostkeyalias": "alias"},
        {
            **shared,
            "hostname": "10.0.0.1",
            "port": "22",
            "user": "app",
            "identityfile": f"{tmp_path}/100%% my key",
            "identityagent": "/run/agent",
            "proxycommand": f"ssh -F {path} -W '[%h]:%p' jump-1",
        },
    ]


def settings(path: Path, name: str) -> dict[str, str]:
    lines = subprocess.run(
        ["ssh", "-G", "-F", path, name], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    asked = (
        "hostname",
        "port",
        "user",
        "identityfile",
        "identityagent",
        "proxycommand",
        "hostkeyalias",
        "userknownhostsfile",
        "globalknownhostsfile",
        "batchmode",
    )
    found = dict(line.partition(" ")[::2] for line in lines.stdout.splitlines())
    return {
        key: found[key] for key in asked if found.get(key, "none") != "none" or key == "globalknownhostsfile"
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], SshOptions()),
        (["-i", "one", "-i", "two", "-t", "3"], SshOptions(identities=("one", "two"), connect_timeout=3)),
        (["-S", "config"], SshOptions(config="config")),
    ],
    ids=["nothing", "identities and a timeout", "a config"],
)
def test_fabs_core_options_are_understood(tmp_path: Path, arguments: list[str], expected: SshOptions) -> None:
    (tmp_path / "config").touch()
    expected = replace(expected, config=expected.config and str(tmp_path / expected.config))
    (tmp_path / "fabfile.py").write_text(
        "from fabric import task\nfrom deploytasks.ssh.route import SshOptions\n\n\n"
        "@task\ndef show(c):\n    print(SshOptions.from_config(c.config))\n"
    )
    fab = [sys.executable, "-c", "from fabric.main import program; program.run()", *arguments, "show"]
    shown = subprocess.run(
        fab, check=True, capture_output=True, text=True, cwd=tmp_path, stdin=subprocess.DEVNULL
    ).stdout
    assert shown == f"{expected}\n"


def test_options_never_show_a_passphrase() -> None:
    options = SshOptions.from_config({"connect_kwargs": {"passphrase": "open sesame"}})
    assert (options.passphrase, "sesame" in repr(options)) == (Secret("open sesame"), False)
