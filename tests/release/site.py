"""One environment of a project on the hosts of a farm, and what the hosts hold of it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.release.project import Plain
from tests.rig import Farm, Sshd


@dataclass(frozen=True)
class Site:
    """`project` in the environment `staging`, at /srv/<directory> of every host of `farm`."""

    project: Plain
    farm: Farm
    directory: str

    def configure(self, *hosts: str, **keys: object) -> None:
        """Write environments/staging.env; by default for all hosts."""
        names = hosts or tuple(host.name for host in self.farm.hosts)
        self.project.environment(
            "staging",
            DEPLOY_HOSTS=" ".join(names),
            DEPLOY_PATH=f"{self.farm.hosts[0].remote_srv}/{self.directory}",
            **{"DEPLOY_SSH_CONFIG": self.farm.ssh_config, **keys},
        )

    def path(self, host: Sshd) -> Path:
        """DEPLOY_PATH of a host, as this machine sees it."""
        return host.srv / self.directory

    def paths(self) -> list[Path]:
        return [self.path(host) for host in self.farm.hosts]

    def currents(self) -> list[str | None]:
        """What `current` names on every host."""
        return [
            os.path.basename(os.readlink(path / "current")) if (path / "current").is_symlink() else None
            for path in self.paths()
        ]

    def current(self, host: Sshd) -> Path:
        """The release that a host serves, as this machine sees it."""
        return self.path(host) / os.readlink(self.path(host) / "current")

    def unlocked(self) -> bool:
        """Whether no host is locked."""
        return not any((path / ".deploytasks/lock").exists() for path in self.paths())

    def history(self, host: Sshd) -> list[dict[str, Any]]:
        lines = (self.path(host) / ".deploytasks/history.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def on(self, host: Sshd, line: str) -> str:
        """What a shell line prints in the served release, with its interpreter first on PATH."""
        root = f"{host.remote_srv}/{self.directory}/current"
        return self.farm.run(host, f"cd {root}/ && PATH=$PWD/.venv/bin:$PATH && {line}").strip()

    def page(self, host: Sshd) -> str:
        return (self.current(host) / "page.txt").read_text().strip()


def ended(process: subprocess.Popen[str]) -> int:
    """The exit code of a started fab."""
    process.communicate(timeout=90)
    return process.returncode
