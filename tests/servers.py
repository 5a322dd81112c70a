"""Real servers on the loopback, started and stopped by tests; unprivileged even when the tests run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.rig import free_port, wait_until

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "listen_addresses": "127.0.0.1",
    "max_connections": "20",
    "password_encryption": "scram-sha-256",
}
USER, PASSWORD = "app", "s3cret-Pa55word"


def binaries() -> Path:
    """Where Debian keeps PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert found, "PostgreSQL is not installed: the project's setup script installs what the tests need"
    return found[-1]


@dataclass
class PostgreSQL:
    """One server with a role `app` and a database `app`. `start` returns when it listens, not before it is ready."""

    directory: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def url(self) -> str:
        return f"postgres://{USER}:{PASSWORD}@127.0.0.1:{self.port}/app"

    def create(self) -> None:
        """Make the cluster, its role and its database."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            for parent in (self.directory, *self.directory.parents):
                if (
                    parent.stat().st_uid == 0
                    and parent != Path("/")
                    and parent.stat().st_mode & 0o055 != 0o055
                ):
                    parent.chmod(parent.stat().st_mode | 0o011)
            shutil.chown(self.directory, "postgres")
        self.run(
            "initdb",
            "-D",
            str(self.data),
            "-A",
            "scram-sha-256",
            "--auth-local=trust",
            "-U",
            "postgres",
            "--no-sync",
        )
        self.start()
        self.psql(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'", f"CREATE DATABASE app OWNER {USER}")

    def start(self, **further: str) -> None:
        self.launch(**further)
        wait_until(self.ready, "PostgreSQL accepts a login")

    def launch(self, **further: str) -> None:
        """Start the server with further settings and come back at once, before it accepts anything."""
        settings = [
            word for name, value in {**SETTINGS, **further}.items() for word in ("-c", f"{name}={value}")
        ]
        place = ["-D", str(self.data), "-p", str(self.port), "-k", str(self.directory)]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(binaries() / "postgres"), *place, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self.owner(),
            )

    def stop(self, by: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT is a fast shutdown; SIGQUIT leaves what a crash leaves, to be recovered."""
        if self.process is not None:
            self.process.send_signal(by)
            self.process.wait(20)
            self.process = None

    def ready(self) -> bool:
        assert self.process is not None and self.process.poll() is None, (self.directory / "log").read_text()
        words = [
            binaries() / "psql",
            "-h",
            self.directory,
            "-p",
            str(self.port),
            "-U",
            "postgres",
            "-qAtc",
            "SELECT 1",
        ]
        return subprocess.run(words, capture_output=True, check=False, **self.owner()).returncode == 0

    def psql(self, *statements: str, database: str = "postgres") -> str:
        """What the superuser's statements print."""
        answers = []
        for statement in statements:
            words = [
                binaries() / "psql",
                "-h",
                self.directory,
                "-p",
                str(self.port),
                "-U",
                "postgres",
                "-d",
                database,
                "-v",
                "ON_ERROR_STOP=1",
                "-qAtc",
                statement,
            ]
            answers.append(output_of(words, **self.owner()))
        return "".join(answers)

    def give(self, name: str, text: str = "") -> None:
        """A file in the data directory, for the server's eyes alone."""
        (self.data / name).write_text(text)
        (self.data / name).chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(self.data / name, "postgres")

    def run(self, program: str, *words: str) -> None:
        output_of([binaries() / program, *words], **self.owner())

    def owner(self) -> dict[str, object]:
        """PostgreSQL refuses to run as root."""
        return (
            {"user": pwd.getpwnam("postgres").pw_uid, "cwd": str(self.directory)} if os.geteuid() == 0 else {}
        )


@dataclass
class Server:
    """A server program in a directory of its own, as an unprivileged user when the tests run as root."""

    directory: Path
    user: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def own(self) -> dict[str, object]:
        return (
            {"user": pwd.getpwnam(self.user).pw_uid, "cwd": str(self.directory)} if os.geteuid() == 0 else {}
        )

    def prepare(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            open_path(self.directory)
            shutil.chown(self.directory, self.user)

    def launch(self, *words: object) -> None:
        log = (self.directory / "log").open("ab")
        self.process = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self.own()
        )

    def answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, (self.directory / "log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End it; MariaDB, told to end while it is still starting, has been seen to hang for ever."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


def output_of(words: list[object], **further: object) -> str:
    """What a program prints that ends well within a minute; whatever it said, if it does not."""
    told = [str(word) for word in words]
    done = subprocess.run(
        told, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **further
    )
    assert done.returncode == 0, f"{told[0]} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def open_path(directory: Path) -> None:
    """Let an unprivileged user through to a directory of root's."""
    for parent in directory.parents:
        if parent != Path("/") and parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)


@dataclass
class MariaDB(Server):
    """A MariaDB with a user `app` and a database `app`.

    Its temporary files are its own: a MariaDB that starts removes those of every other in its tmpdir.
    """

    user: str = "mysql"
    address: str = "127.0.0.1"

    @property
    def url(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"mysql://{USER}:{PASSWORD}@{host}:{self.port}/app"

    def answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, (self.directory / "log").read_text()
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(f"{self.directory}/sock") == 0

    def create(self) -> None:
        self.prepare()
        output_of(
            [
                "mariadb-install-db",
                "--no-defaults",
                f"--datadir={self.directory}/data",
                f"--tmpdir={self.directory}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            **self.own(),
        )
        self.start()
        self.sql(
            f"CREATE DATABASE app; CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; "
            f"GRANT ALL ON app.* TO {USER}@'127.0.0.1'"
        )

    def start(self, *options: str) -> None:
        self.launch(
            shutil.which("mariadbd", path="/usr/sbin:/usr/bin"),
            "--no-defaults",
            f"--datadir={self.directory}/data",
            f"--tmpdir={self.directory}",
            f"--port={self.port}",
            f"--bind-address={self.address}",
            f"--socket={self.directory}/sock",
            "--skip-name-resolve",
            "--innodb-flush-log-at-trx-commit=0",
            *options,
        )
        wait_until(self.answers, "MariaDB listens", 40)

    def sql(self, statements: str) -> str:
        """What the superuser's statements print."""
        words = [
            "mariadb",
            "--no-defaults",
            f"--socket={self.directory}/sock",
            "-uroot",
            "-N",
            "-e",
            statements,
        ]
        return output_of(words)


@dataclass
class Redis(Server):
    """A Redis that asks for a password."""

    user: str = "redis"

    @property
    def url(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/1"

    def start(self, *options: str) -> None:
        self.prepare()
        self.launch(
            "redis-server",
            "--port",
            self.port,
            "--bind",
            "127.0.0.1",
            "--dir",
            self.directory,
            "--save",
            "",
            "--requirepass",
            PASSWORD,
            *options,
        )
        wait_until(self.answers, "Redis listens")

    def cli(self, *words: str) -> None:
        """Give it a command."""
        env = {**os.environ, "REDISCLI_AUTH": PASSWORD}
        done = subprocess.run(
            ["redis-cli", "-e", "-p", str(self.port), *words], env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


@dataclass
class PgBouncer(Server):
    """A pooler in front of a PostgreSQL."""

    user: str = "postgres"

    def start(self, server: PostgreSQL) -> None:
        self.prepare()
        (self.directory / "users").write_text(f'"{USER}" "{PASSWORD}"\n')
        (self.directory / "ini").write_text(
            f"[databases]\napp = host=127.0.0.1 port={server.port} dbname=app\n"
            "[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {self.port}\nauth_type = scram-sha-256\n"
            f"auth_file = {self.directory}/users\nunix_socket_dir =\n"
            "server_login_retry = 1\nquery_wait_timeout = 3\n"
        )
        self.launch(shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"), self.directory / "ini")
        wait_until(self.answers, "PgBouncer listens")
