"""A project with environments, and a host that would notice a connection."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploytasks.config.environment import Environment
from deploytasks.config.loading import load_environment
from deploytasks.errors import ConfigurationError


@dataclass(frozen=True)
class Host:
    """A listening port that stands for a host."""

    listener: socket.socket

    @property
    def name(self) -> str:
        return f"deploy@127.0.0.1:{self.listener.getsockname()[1]}"

    def was_contacted(self) -> bool:
        """Whether anybody has connected; a connection waits in the queue until it is accepted."""
        try:
            self.listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@dataclass(frozen=True)
class Project:
    """A directory with environments/; common.env alone is enough for every environment."""

    root: Path
    host: Host

    def write(self, name: str, content: str | bytes) -> Path:
        """A file in environments/, readable by its owner alone."""
        path = self.root / "environments" / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o600)
        return path

    def load(self, name: str = "prod", **process: str) -> Environment:
        return load_environment(name, root=self.root, process=process)

    def problems(self, name: str = "prod", **process: str) -> tuple[str, ...]:
        """What is wrong with an environment, after checking that it is refused as exit code 2 without any contact."""
        with pytest.raises(ConfigurationError) as refused:
            self.load(name, **process)
        assert refused.value.exit_code == 2
        assert not self.host.was_contacted()
        return refused.value.problems


@pytest.fixture
def host() -> Iterator[Host]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield Host(listener)


@pytest.fixture
def project(tmp_path: Path, host: Host) -> Project:
    (tmp_path / "environments").mkdir()
    made = Project(tmp_path, host)
    made.write("common.env", f"DEPLOY_HOSTS={host.name}\nDEPLOY_PATH=/srv/app\n")
    made.write("prod.env", "")
    return made
