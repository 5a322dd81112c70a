"""Commands reach hosts, and every way not to reach one is Unreachable with its cure."""

import socket
import subprocess
import threading
from pathlib import Path

import pytest

from deploytasks.config.environment import Host
from deploytasks.config.secret import Secret
from deploytasks.errors import Unreachable, UsageError
from deploytasks.shell import command
from deploytasks.ssh.connection import channel_to
from deploytasks.ssh.route import SshOptions
from tests.rig import Farm, make_key, wait_until
from tests.ssh.routes import answer, route


@pytest.mark.parametrize("name", ["host1", "host2"], ids=["directly", "through a jump host"])
def test_a_program_on_a_host_is_a_byte_stream(hosts: Farm, name: str) -> None:
    channel = channel_to(
        route(hosts, name), command("sh", "-c", "read line; echo $line; echo oops >&2; exit 3")
    )
    channel.send(b"hello\n")
    assert b"".join(iter(channel.receive, b"")) == b"hello\n"
    assert (channel.receive_error(), channel.exit_status()) == (b"oops\n", 3)
    channel.close()


def test_the_jump_host_is_really_passed(hosts: Farm) -> None:
    assert hosts.jump is not None
    before = hosts.jump.log.count("Accepted publickey")
    answer(route(hosts, "host2"))
    assert hosts.jump.log.count("Accepted publickey") == before + 1


def test_one_login_attempt_is_made_per_server(hosts: Farm) -> None:
    before = hosts.hosts[0].log.count("publickey")
    answer(route(hosts, "host1"))
    assert hosts.hosts[0].log.count("publickey") == before + 1


def test_abort_unblocks_a_reader_in_another_thread(hosts: Farm) -> None:
    channel = channel_to(route(hosts, "host2"), command("sleep", "1000"))
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(channel.receive()))
    reader.start()
    channel.abort()
    reader.join(20.0)
    assert received == [b""]


def test_close_waits_until_the_program_has_given_back_what_it_holds(hosts: Farm) -> None:
    line = "touch /srv/lock; echo held; cat; sleep 0.2; rm /srv/lock".replace(
        "/srv", hosts.hosts[0].remote_srv
    )
    channel = channel_to(route(hosts, "host1"), command("sh", "-c", line))
    assert channel.receive() == b"held\n"
    channel.close()
    assert not (hosts.hosts[0].srv / "lock").exists()


def test_a_host_that_dies_ends_the_stream(own_hosts: Farm) -> None:
    channel = channel_to(route(own_hosts, "host1"), command("cat"))
    own_hosts.hosts[0].stop()
    assert channel.receive() == b""
    channel.close()


def test_an_ipv6_host_is_reached(ipv6_host: Farm) -> None:
    host = ipv6_host.hosts[0]
    assert answer(route(ipv6_host, Host("::1", port=host.port))) == "reached\n"


def test_a_certificate_that_cannot_be_read_leaves_the_key_alone(own_hosts: Farm) -> None:
    Path(f"{own_hosts.identity}-cert.pub").write_text("garbage")
    assert answer(route(own_hosts, "host1")) == "reached\n"


def test_an_unknown_user_is_refused_with_the_keys_that_were_tried(hosts: Farm) -> None:
    with pytest.raises(
        Unreachable, match=r"nobody@host1: .* does not let `nobody` in \(keys tried: SHA256:.*see User and"
    ):
        answer(route(hosts, Host("host1", user="nobody")))


def test_a_closed_port_names_the_address(own_hosts: Farm) -> None:
    own_hosts.hosts[0].stop()
    with pytest.raises(
        Unreachable, match=rf"host1: nothing answers on 127.0.0.1 port {own_hosts.hosts[0].port}; see"
    ):
        answer(route(own_hosts, "host1"))


def test_a_dead_jump_host_is_told_from_a_dead_host(own_hosts: Farm) -> None:
    assert own_hosts.jump is not None
    own_hosts.hosts[1].stop()
    with pytest.raises(
        Unreachable, match=rf"host2: the jump host .* cannot reach .* port {own_hosts.hosts[1].port}"
    ):
        answer(route(own_hosts, "host2"))
    own_hosts.jump.stop()
    with pytest.raises(Unreachable, match=rf"host2: nothing answers on 127.0.0.1 port {own_hosts.jump.port}"):
        answer(route(own_hosts, "host2"))


def test_a_name_that_does_not_resolve_is_said_so(hosts: Farm) -> None:
    with pytest.raises(Unreachable, match=r"nowhere.invalid: the name nowhere.invalid cannot be resolved"):
        answer(route(hosts, "nowhere.invalid"))


def test_a_port_that_does_not_speak_ssh_is_unreachable(hosts: Farm) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        way = route(hosts, Host("127.0.0.1", port=server.getsockname()[1]))
        talker = threading.Thread(target=lambda: server.accept()[0].sendall(b"HTTP/1.0 400 no\r\n" * 200))
        talker.start()
        with pytest.raises(Unreachable, match=r"the SSH handshake with 127.0.0.1 port .* failed"):
            answer(way)
        talker.join()


def test_a_silent_port_ends_within_the_connect_timeout(hosts: Farm) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        way = route(hosts, Host("127.0.0.1", port=server.getsockname()[1]), connect_timeout=0.3)
        with pytest.raises(Unreachable, match=r"127.0.0.1"):
            answer(way)


def test_a_server_that_is_busy_with_other_logins_is_asked_again(own_hosts: Farm) -> None:
    host = own_hosts.hosts[0]
    host.stop()
    host.extra = "MaxStartups 1\n"
    host.start()
    logins: list[socket.socket] = []

    def the_only_login_is_ours() -> bool:
        logins.append(socket.create_connection((host.address, host.port)))
        return logins[-1].recv(4) == b"SSH-"

    wait_until(the_only_login_is_ours, "the rig's own question has ended")
    dropped = host.log.count("MaxStartups")

    def finish() -> None:
        wait_until(lambda: host.log.count("MaxStartups") > dropped, "sshd has dropped a login")
        for login in logins:
            login.close()

    finishing = threading.Thread(target=finish)
    finishing.start()
    assert answer(route(own_hosts, "host1")) == "reached\n"
    finishing.join()


def test_nothing_is_printed_about_failures(own_hosts: Farm, capfd: pytest.CaptureFixture[str]) -> None:
    own_hosts.hosts[1].stop()
    with pytest.raises(Unreachable):
        answer(route(own_hosts, "host2"))
    assert capfd.readouterr() == ("", "")


def test_no_thread_or_connection_outlives_a_failure(own_hosts: Farm) -> None:
    before = set(threading.enumerate())
    own_hosts.hosts[1].stop()
    with pytest.raises(Unreachable):
        answer(route(own_hosts, "host2"))
    wait_until(lambda: set(threading.enumerate()) <= before, "the threads have ended")


def test_an_identity_given_with_i_comes_first(own_hosts: Farm) -> None:
    extra = own_hosts.directory / "extra key"
    own_hosts.hosts[0].authorized_keys.write_text(make_key(extra) + "\n")
    assert answer(route(own_hosts, "host1", SshOptions(identities=(str(extra),)))) == "reached\n"


def test_a_key_with_a_passphrase_says_what_it_needs_and_works_with_it(own_hosts: Farm) -> None:
    own_hosts.hosts[0].authorized_keys.write_text(make_key(own_hosts.identity, "open sesame") + "\n")
    with pytest.raises(
        Unreachable, match=rf"{own_hosts.identity} needs a passphrase: ssh-add it, or --prompt-for-passphrase"
    ):
        answer(route(own_hosts, "host1"))
    assert answer(route(own_hosts, "host1", SshOptions(passphrase=Secret("open sesame")))) == "reached\n"


def test_an_agent_named_by_ssh_config_is_used(own_hosts: Farm) -> None:
    address = own_hosts.directory / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", address], stdout=subprocess.DEVNULL)
    try:
        wait_until(address.exists, "the agent listens")
        key = own_hosts.directory / "held"
        own_hosts.hosts[0].authorized_keys.write_text(make_key(key) + "\n")
        subprocess.run(
            ["ssh-add", "-q", key], check=True, env={"SSH_AUTH_SOCK": str(address)}, capture_output=True
        )
        key.unlink()
        config = own_hosts.ssh_config.read_text().replace("IdentityAgent none", f"IdentityAgent {address}")
        own_hosts.ssh_config.write_text(config.replace(str(own_hosts.identity), str(key) + ".pub"))
        assert answer(route(own_hosts, "host2")) == "reached\n"
    finally:
        agent.kill()
        agent.wait()


def test_a_broken_ssh_config_is_a_usage_error(own_hosts: Farm) -> None:
    own_hosts.ssh_config.write_text("Hots host1\n")
    with pytest.raises(
        UsageError,
        match=r"host1: ssh_config cannot be used: .*line 1: Bad configuration option: hots.*; correct it",
    ):
        route(own_hosts, "host1")


def test_a_missing_ssh_config_is_a_usage_error(hosts: Farm, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nosuch: there is no such ssh_config; see DEPLOY_SSH_CONFIG"):
        route(hosts, "host1", ssh_config=str(tmp_path / "nosuch"))


def test_a_login_password_is_refused_because_rsync_cannot_have_it() -> None:
    with pytest.raises(UsageError, match=r"--prompt-for-login-password"):
        SshOptions.from_config({"connect_kwargs": {"password": "hunter2hunter2"}})
