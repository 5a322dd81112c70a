"""DEPLOY_HOSTS and its roles."""

from __future__ import annotations

import pytest

from deploytasks.config.environment import Host
from deploytasks.config.hosts import SYNTAX, one

from .conftest import Project


@pytest.mark.parametrize(
    ("word", "host"),
    [
        ("www1", Host("www1")),
        ("www1.example.com", Host("www1.example.com")),
        ("deploy@www1:2222", Host("www1", "deploy", 2222)),
        ("deploy-er.x@10.0.0.1", Host("10.0.0.1", "deploy-er.x")),
        ("ssh_alias", Host("ssh_alias")),
        ("deploy@[::1]:22", Host("::1", "deploy", 22)),
        ("[fe80::1%eth0]", Host("fe80::1%eth0")),
        ("local:", Host("local", is_local=True)),
    ],
)
def test_a_word_becomes_a_host_that_is_written_the_same_way(word: str, host: Host) -> None:
    assert one(word) == host
    assert host.name == word


@pytest.mark.parametrize(
    "word",
    [
        "-oProxyCommand=x",
        "deploy@-x",
        "-x@www1",
        "::1",
        "[::1",
        "[:::::]",
        "[www1]",
        "www1:",
        "www1:0",
        "www1:65536",
        "www1:22:22",
        "a,b",
        "ssh://www1",
        "deploy:hunter2@www1",
        ["www", "1"][0] + ";id",
        "$(id)",
        "local",
        "x@local:",
        "@www1",
        "wëb",
    ],
)
def test_a_word_that_is_no_host_is_refused_without_repeating_it(project: Project, word: str) -> None:
    project.write("prod.env", f"DEPLOY_HOSTS='www1 {word}'\n")
    assert project.problems() == (f"environments/prod.env:1: DEPLOY_HOSTS has no host as word 2; {SYNTAX}",)


def test_no_host_at_all_is_refused(project: Project) -> None:
    project.write("prod.env", "DEPLOY_HOSTS=\n")
    assert project.problems() == (f"environments/prod.env:1: DEPLOY_HOSTS is empty; {SYNTAX}",)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("deploy@www1", "root@www1"),
        ("www1", "www1:22"),
        ("www1", "WWW1."),
        ("localhost", "127.0.0.1"),
        ("[::1]", "[0:0::1]:22"),
        ("local:", "localhost"),
    ],
)
def test_two_names_for_one_host_are_refused(project: Project, first: str, second: str) -> None:
    project.write("prod.env", f"DEPLOY_HOSTS={first}\nDEPLOY_HOSTS_WORKER={second}\n")
    assert project.problems() == (
        f"environments/prod.env:1: DEPLOY_HOSTS names one host twice, as {first} and {second}; keep one of them",
    )


def test_two_ports_of_one_address_are_two_hosts(project: Project) -> None:
    project.write("prod.env", "DEPLOY_HOSTS='127.0.0.1:2201 127.0.0.1:2202'\n")
    assert [host.name for host in project.load().hosts] == ["127.0.0.1:2201", "127.0.0.1:2202"]


def test_one_host_in_two_roles_is_one_host_and_the_first_is_the_primary(project: Project) -> None:
    project.write("prod.env", "DEPLOY_HOSTS_WORKER='jobs www2'\nDEPLOY_HOSTS='www1 www2'\n")
    environment = project.load()
    assert environment.hosts == (
        Host("www1", roles=("app",), primary=True),
        Host("www2", roles=("app", "worker")),
        Host("jobs", roles=("worker",)),
    )
    assert environment.primary.name == "www1"
