"""Only keys that known_hosts has are trusted: for commands and for uploads, on hosts and on jump hosts."""

import subprocess
from pathlib import Path

import pytest

from deploytasks.errors import Unreachable
from deploytasks.operation import Result
from deploytasks.upload.upload import Upload
from tests.rig import Farm, Sshd, make_key
from tests.ssh.routes import answer, route


def upload(made: Farm, name: str, source: Path, host_keys: str = "strict") -> Result:
    (source / "tree").mkdir(exist_ok=True)
    return Upload(
        source / "tree", f"{made.hosts[0].remote_srv}/up", route=route(made, name, host_keys=host_keys)
    ).run()


def refused(result: Result) -> bool:
    """By ssh, for the host's key."""
    return not result.ok and "Host key verification failed." in result.tail


def server(made: Farm, alias: str) -> Sshd:
    return next(host for host in made.everyone if host.alias == alias)


@pytest.mark.parametrize("alias", ["host2", "jump"], ids=["the host itself", "its jump host"])
def test_a_changed_key_is_refused(own_hosts: Farm, tmp_path: Path, alias: str) -> None:
    changed = server(own_hosts, alias)
    changed.change_key()
    for mode in ("strict", "accept-new"):
        said = rf"^host2: the host key SHA256:\S+ of 127.0.0.1 port {changed.port} is not the one in "
        with pytest.raises(Unreachable, match=said + str(own_hosts.known_hosts)):
            answer(route(own_hosts, "host2", host_keys=mode))
        assert refused(upload(own_hosts, "host2", tmp_path, host_keys=mode))


@pytest.mark.parametrize("alias", ["host2", "jump"], ids=["the host itself", "its jump host"])
def test_an_unknown_key_is_refused_when_strict(own_hosts: Farm, tmp_path: Path, alias: str) -> None:
    unknown = server(own_hosts, alias)
    lines = own_hosts.known_hosts.read_text().splitlines(keepends=True)
    own_hosts.known_hosts.write_text("".join(line for line in lines if not line.startswith(unknown.endpoint)))
    kept = own_hosts.known_hosts.read_text()
    with pytest.raises(
        Unreachable,
        match=rf"ssh-keyscan -p {unknown.port} 127.0.0.1 >> {own_hosts.known_hosts}`, or set DEPLOY",
    ):
        answer(route(own_hosts, "host2"))
    assert refused(upload(own_hosts, "host2", tmp_path))
    assert own_hosts.known_hosts.read_text() == kept


def test_accept_new_appends_the_keys_and_keeps_what_the_file_says(own_hosts: Farm, tmp_path: Path) -> None:
    own_hosts.known_hosts.write_text("# ours\n")
    assert answer(route(own_hosts, "host2", host_keys="accept-new")) == "reached\n"
    assert own_hosts.jump is not None
    learnt = [f"{host.endpoint} {host.public_key}" for host in (own_hosts.jump, own_hosts.hosts[1])]
    assert own_hosts.known_hosts.read_text().splitlines() == ["# ours", *learnt]
    assert upload(own_hosts, "host2", tmp_path).ok


def test_an_upload_alone_learns_new_keys_as_well(own_hosts: Farm, tmp_path: Path) -> None:
    own_hosts.known_hosts.write_text("")
    assert upload(own_hosts, "host2", tmp_path, host_keys="accept-new").ok
    assert answer(route(own_hosts, "host2")) == "reached\n"


def test_keys_pinned_in_the_project_are_the_only_ones_that_count(own_hosts: Farm, tmp_path: Path) -> None:
    pinned = own_hosts.directory / "environments" / "known_hosts"
    pinned.parent.mkdir()
    own_hosts.known_hosts.rename(pinned)
    assert answer(route(own_hosts, "host2")) == "reached\n"
    assert upload(own_hosts, "host2", tmp_path).ok
    pinned.rename(own_hosts.known_hosts)
    pinned.write_text("")
    with pytest.raises(Unreachable, match=f"is not in {pinned}; compare"):
        answer(route(own_hosts, "host2"))
    assert refused(upload(own_hosts, "host2", tmp_path))


def test_hashed_names_and_patterns_are_understood(own_hosts: Farm) -> None:
    host1, host2 = own_hosts.hosts
    assert own_hosts.jump is not None
    own_hosts.known_hosts.write_text(
        f"{host1.endpoint} {host1.public_key}\n{own_hosts.jump.endpoint} {own_hosts.jump.public_key}\n"
    )
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", own_hosts.known_hosts], check=True, capture_output=True)
    with own_hosts.known_hosts.open("a") as lines:
        lines.write(f"[127.0.*.?]:{host2.port} {host2.public_key}\n")
    assert [answer(route(own_hosts, name)) for name in ("host1", "host2")] == ["reached\n"] * 2


def test_a_second_known_key_of_one_kind_does_no_harm(own_hosts: Farm, tmp_path: Path) -> None:
    host = own_hosts.hosts[0]
    retired = make_key(tmp_path / "retired")
    own_hosts.known_hosts.write_text(f"{host.endpoint} {retired}\n{host.endpoint} {host.public_key}\n")
    assert answer(route(own_hosts, "host1")) == "reached\n"


def test_a_server_with_more_kinds_of_keys_than_we_know_is_asked_for_the_known_kind(own_hosts: Farm) -> None:
    host = own_hosts.hosts[0]
    host.stop()
    rsa = host.directory / "rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", rsa], check=True)
    host.extra = f"HostKey {rsa}\n"
    host.start()
    own_hosts.known_hosts.write_text(f"{host.endpoint} {rsa.with_suffix('.pub').read_text()}")
    assert answer(route(own_hosts, "host1")) == "reached\n"


def test_a_revoked_key_is_refused_although_it_is_known(own_hosts: Farm, tmp_path: Path) -> None:
    host = own_hosts.hosts[0]
    with own_hosts.known_hosts.open("a") as lines:
        lines.write(f"@revoked * {host.public_key}\n")
    with pytest.raises(Unreachable, match="is revoked in"):
        answer(route(own_hosts, "host1"))
    assert not upload(own_hosts, "host1", tmp_path).ok


def test_a_certificate_authority_alone_is_said_not_to_be_enough(own_hosts: Farm, tmp_path: Path) -> None:
    own_hosts.known_hosts.write_text(f"@cert-authority * {make_key(tmp_path / 'ca')}\n")
    for mode in ("strict", "accept-new"):
        with pytest.raises(Unreachable, match="@cert-authority alone, which Fabric cannot check; add it"):
            answer(route(own_hosts, "host1", host_keys=mode))


def test_certificate_authorities_for_other_hosts_do_no_harm(own_hosts: Farm, tmp_path: Path) -> None:
    text = own_hosts.known_hosts.read_text()
    own_hosts.known_hosts.write_text(
        f"@cert-authority *.example.com {make_key(tmp_path / 'ca')} a comment\n{text}"
    )
    assert answer(route(own_hosts, "host2")) == "reached\n"
