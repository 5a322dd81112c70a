"""A real PostgreSQL on the loopback, started and stopped by tests, as an unprivileged user when the tests run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.rig import free_port, wait_until

SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "16MB",
            "listen_addresses": "127.0.0.1", "max_connections": "20", "password_encryption": "scram-sha-256"}
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
                if parent.stat().st_uid == 0 and parent != Path("/") and parent.stat().st_mode & 0o055 != 0o055:
                    parent.chmod(parent.stat().st_mode | 0o011)
            shutil.chown(self.directory, "postgres")
        self.run("initdb", "-D", str(self.data), "-A", "scram-sha-256", "--auth-local=trust", "-U", "postgres", "--no-sync")
        self.start()
        self.psql(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'", f"CREATE DATABASE app OWNER {USER}")

    def start(self) -> None:
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        words = [str(binaries() / "postgres"), "-D", str(self.data), "-p", str(self.port), "-k", str(self.directory)]
        log = (self.directory / "log").open("ab")
        self.process = subprocess.Popen([*words, *settings], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self.owner())
        wait_until(lambda: self.ready(), "PostgreSQL accepts a login")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)
            self.process = None

    def ready(self) -> bool:
        assert self.process is not None and self.process.poll() is None, (self.directory / "log").read_text()
        words = [binaries() / "psql", "-h", self.directory, "-p", str(self.port), "-U", "postgres", "-qAtc", "SELECT 1"]
        return subprocess.run(words, capture_output=True, check=False, **self.owner()).returncode == 0

    def psql(self, *statements: str, database: str = "postgres") -> str:
        """What the superuser's statements print."""
        answers = []
        for statement in statements:
            words = [binaries() / "psql", "-h", self.directory, "-p", str(self.port), "-U", "postgres", "-d", database,
                     "-v", "ON_ERROR_STOP=1", "-qAtc", statement]
            answers.append(subprocess.run(words, capture_output=True, check=True, text=True, **self.owner()).stdout)
        return "".join(answers)

    def run(self, program: str, *words: str) -> None:
        subprocess.run([binaries() / program, *words], check=True, capture_output=True, **self.owner())

    def owner(self) -> dict[str, object]:
        """PostgreSQL refuses to run as root."""
        return {"user": pwd.getpwnam("postgres").pw_uid, "cwd": str(self.directory)} if os.geteuid() == 0 else {}
