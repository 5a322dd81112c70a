"""Credentials in URLs, those of submodules above all, are in nothing that is printed or stored."""

from __future__ import annotations

import json
import subprocess

import pytest

from deploytasks.urls import public
from examples.building import git
from tests.release.project import Plain

TOKEN = "glpat-S3cretTok3n"
URLS = {
    "user and token": f"http://user:{TOKEN}@127.0.0.1:1/lib.git",
    "token alone": f"http://{TOKEN}@127.0.0.1:1/lib.git",
    "parameter": f"http://127.0.0.1:1/lib.git?private_token={TOKEN}",
    "ssh with a password": f"ssh://git:{TOKEN}@127.0.0.1:1/lib.git",
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pw@host/x.git", "https://[masked]@host/x.git"),
        ("fatal: 'https://pw@host/x.git/': no", "fatal: 'https://[masked]@host/x.git/': no"),
        ("HTTPS://u:p@host", "HTTPS://[masked]@host"),
        ("https://u:p@ss@host/", "https://[masked]@host/"),
        ("ssh://git@host:22/x", "ssh://git@host:22/x"),
        ("ssh://git:pw@host:22/x", "ssh://[masked]@host:22/x"),
        ("git+ssh://git:pw@host", "git+ssh://[masked]@host"),
        ("postgres://app@host/db", "postgres://app@host/db"),
        ("git@host:x.git", "git@host:x.git"),
        ("https://host/x?private_token=pw&page=2#top", "https://host/x?private_token=[masked]&page=2#top"),
        ("https://host/x?a=1&access_token=pw", "https://host/x?a=1&access_token=[masked]"),
        ("https://host/x?X-Amz-Signature=pw", "https://host/x?X-Amz-Signature=[masked]"),
        ("https://host/x?monkey=1;design=2", "https://host/x?monkey=[masked];design=2"),
        ("http://a/b then https://u:p@c/", "http://a/b then https://[masked]@c/"),
        ("mail me@host about http://host/", "mail me@host about http://host/"),
    ],
)
def test_credentials_are_masked_wherever_a_url_stands_in_a_text(text: str, shown: str) -> None:
    assert public(text) == shown


def leaks(project: Plain, *words: str) -> list[str]:
    """Where a task prints the token."""
    done = project.fab(*words)
    return [f"{' '.join(words)}: {line}" for line in (done.out + done.err).splitlines() if TOKEN in line]


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_a_submodule_url_is_printed_without_its_credentials(local: Plain, url: str) -> None:
    git(local.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", url)
    git(local.root, "submodule", "--quiet", "sync")
    local.commit()
    (local.root / "vendor/lib/page.txt").write_text("more\n")
    git(local.root / "vendor/lib", "add", "--all")
    git(local.root / "vendor/lib", "commit", "--quiet", "-m", "More")
    local.commit("Pin what is not pushed")
    env = "--env=dev"
    tasks = [
        ("deploy", env),
        ("plan", env),
        ("check", env),
        ("plan", env, "--json"),
        ("deploy", env, "--json"),
    ]
    tasks += [("vendor.check",), ("vendor.check", "--json"), ("vendor.status",), ("vendor.outdated",)]
    tasks += [
        ("vendor.outdated", "--json"),
        ("vendor.update",),
        ("vendor.update", "--remote"),
        ("vendor.diff",),
    ]
    tasks += [("vendor.move", "--name=lib", f"--url={url}x"), ("vendor.add", url, "--name=other")]
    assert [line for words in tasks for line in leaks(local, *words)] == []


def test_a_pin_that_cannot_be_fetched_is_told_without_the_credentials_of_its_url(local: Plain) -> None:
    url = URLS["user and token"]
    git(local.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", url)
    local.commit()
    git(local.root, "submodule", "--quiet", "deinit", "--force", "--all")
    subprocess.run(["rm", "-rf", str(local.root / ".git/modules")], check=True)
    for words in (("deploy", "--env=dev"), ("deploy", "--env=dev", "--json"), ("vendor.update",)):
        done = local.fab(*words)
        assert done.code != 0 and "[masked]@127.0.0.1:1" in done.out + done.err
        assert TOKEN not in done.out + done.err


def test_nothing_that_is_stored_holds_the_credentials(local: Plain) -> None:
    url = f"file://user:{TOKEN}@localhost{local.lib.parent}/lib.git"
    git(local.root, "config", "--file", ".gitmodules", "submodule.vendor/lib.url", url)
    git(local.root, "submodule", "--quiet", "sync")
    local.commit()
    local.deploy("dev")
    root = local.root / ".deploy/dev"
    release = json.loads((root / "current/.deploytasks/release.json").read_text())
    assert [one["url"] for one in release["vendored"] if one["path"] == "vendor/lib"] == [
        url.replace(f"user:{TOKEN}", "[masked]")
    ]
    shipped = root / "current/.gitmodules"
    holding = [
        path
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink() and TOKEN.encode() in path.read_bytes()
    ]
    assert {path.resolve() for path in holding} <= {shipped.resolve()}


@pytest.mark.parametrize("program", ["fab", "inv"])
def test_debug_shows_nothing_of_the_callers_environment(local: Plain, program: str) -> None:
    done = local.run(program, "--debug", "deploy", "--env=dev", CI_JOB_TOKEN=TOKEN)
    assert done.code == 0, done.err
    assert TOKEN not in done.out + done.err
