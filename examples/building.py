"""Makes a real project of the examples: git repositories with remotes, and a private package as a nested submodule."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
WHO = {"user.name": "Ada Example", "user.email": "ada@example.com", "commit.gpgsign": "false"}
"""Written into every repository made here, so that commits work without a git configuration of one's own."""
LOCAL = """\
# This machine, without SSH; the server runs on the loopback.
DEPLOY_HOSTS=local:
DEPLOY_PATH=.deploy/{name}
DEPLOY_SHARED_DIRS='data run'
DEPLOY_MIGRATE='python manage.py migrate --noinput'
DEPLOY_RESTART=./serve
DEPLOY_HEALTH_URL=http://127.0.0.1:{port}/health
DEPLOY_HEALTH_EXPECT='{{release}}'

# The git server of this example is a directory.
DEPLOY_VENDOR_LOCAL_URLS=yes

BIND=127.0.0.1:{port}
SECRET_KEY=good-enough-on-the-loopback
DATABASE_URL=sqlite:///data/blog.sqlite3
"""


@dataclass(frozen=True)
class Project:
    """A Django project that is ready to be deployed, and what its authors have beside it."""

    root: Path
    """The project's work tree, with fabfile.py, environments/ and vendor/greeting."""
    greeting: Path
    """A clone of the private package, to change it as its author would."""
    remotes: Path
    """The git server: blog.git, greeting.git and words.git, bare."""

    def change_greeting(self, message: str) -> None:
        """Let the private package say `message`; committed and pushed, the project still pins the commit before."""
        self.write_greeting(message)
        commit(self.greeting, f"Say: {message}")
        git(self.greeting, "push", "--quiet", "origin", "HEAD")

    def write_greeting(self, message: str) -> None:
        """Edit the private package's message, without a commit."""
        write(self.greeting / "src/greeting/message.py", f"MESSAGE = {message!r}\n")

    def write(self, path: str, text: str) -> None:
        """Write a file of the project, below its root."""
        write(self.root / path, text)

    def commit(self, subject: str) -> str:
        """Commit everything in the project's work tree; the new revision."""
        return commit(self.root, subject)


def make_project(directory: Path, environments: Mapping[str, str]) -> Project:
    """The project in `directory`/blog with environments/<name>.env of these texts; all is committed and pushed.

    Its remotes are paths of this machine: environments need DEPLOY_VENDOR_LOCAL_URLS=yes.
    """
    project = Project(directory / "blog", directory / "greeting", directory / "remotes")
    project.remotes.mkdir(parents=True)
    begin(project, "words", directory / "words")
    begin(project, "greeting", project.greeting, {"vendor/words": "words"})
    begin(project, "blog", project.root, {"vendor/greeting": "greeting"})
    for name, text in environments.items():
        project.write(f"environments/{name}.env", text)
    project.commit("Describe the environments")
    git(project.root, "push", "--quiet", "origin", "HEAD")
    return project


def local_environment(name: str, port: int) -> str:
    """The text of environments/<name>.env that deploys to this machine and serves on `port` of the loopback."""
    return LOCAL.format(name=name, port=port)


def begin(project: Project, name: str, tree: Path, submodules: Mapping[str, str] | None = None) -> None:
    """A work tree of the example `name` with its submodules, and its bare remote."""
    remote = project.remotes / f"{name}.git"
    git(project.remotes, "init", "--quiet", "--bare", "--initial-branch=main", remote.name)
    shutil.copytree(
        EXAMPLES / name, tree, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
    )
    git(tree, "init", "--quiet", "--initial-branch=main")
    for key, value in WHO.items():
        git(tree, "config", key, value)
    git(tree, "remote", "add", "origin", str(remote))
    for path, dependency in (submodules or {}).items():
        git(tree, "submodule", "--quiet", "add", str(project.remotes / f"{dependency}.git"), path)
        git(tree, "submodule", "--quiet", "update", "--init", "--recursive")
    commit(tree, f"Begin {name}")
    git(tree, "push", "--quiet", "--set-upstream", "origin", "main")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def commit(tree: Path, subject: str) -> str:
    """Commit everything in the work tree; the new revision."""
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", subject)
    return git(tree, "rev-parse", "HEAD")


def git(tree: Path, *words: str) -> str:
    """What git prints, in `tree` and in no repository that a caller's GIT_ variables name."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *words],
        cwd=tree,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"git {' '.join(words)} in {tree}: {done.stderr.strip()}")
    return done.stdout.strip()
