"""What others take for the same: the tree as an atomic release, old ones pruned, nothing changed, one host.

Of the three steps copy, switch and prune each is written as that tool's own manual would have it; none of them
locks, checks, installs, verifies or undoes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.deploying import KEPT, Bench
from benchmarks.measuring import Row, Sample, in_turns, run
from examples.building import WHO, git

PEER = "peer: "
"""What the name of their rows begins with."""
Prepare = Callable[[Bench, Path], Callable[[], Sample]]

SCRIPT = """\
set -eu
new=$(date +%Y%m%d%H%M%S%N)
ssh="ssh -F {config} -o ControlPath={directory}/socket"
$ssh -o ControlMaster=yes -o ControlPersist=60 -fN {host}
trap '$ssh -O exit {host} 2>/dev/null' EXIT
$ssh {host} "mkdir -p {path}/releases; cd {path}; [ ! -e current ] || cp -al current/ releases/$new"
rsync -a --delete -e "$ssh" {plain}/ {host}:{path}/releases/$new/
$ssh {host} "cd {path}; {switch}"
"""
SWITCH = "ln -s releases/$new next; mv -T next current; ls -d releases/* | head -n -{kept} | xargs -r rm -rf"

PYINFRA = """\
from datetime import datetime
from pyinfra.operations import files, server

new = datetime.now().strftime("%Y%m%d%H%M%S%f")
server.shell(["mkdir -p {path}/releases; cd {path}; [ ! -e current ] || cp -al current/ releases/" + new])
files.rsync(src="{plain}/", dest=f"{path}/releases/{{new}}/", flags=["-a", "--delete"])
server.shell([f"new={{new}}; cd {path}; {switch}"])
"""
PYINFRA_HOSTS = """\
hosts = [("{host}", {{"ssh_hostname": "{host}", "ssh_config_file": "{config}",
          "ssh_known_hosts_file": "{known}"}})]
"""

ANSIBLE = """\
- hosts: all
  gather_facts: false
  vars:
    new: "{{{{ lookup('pipe', 'date +%Y%m%d%H%M%S%N') }}}}"
  tasks:
    - set_fact: {{new: "{{{{ new }}}}"}}
    - shell: "mkdir -p {path}/releases; cd {path}; [ ! -e current ] || cp -al current/ releases/{{{{ new }}}}"
    - ansible.posix.synchronize:
        src: {plain}/
        dest: {path}/releases/{{{{ new }}}}/
        delete: true
        use_ssh_args: true
    - shell: "new={{{{ new }}}}; cd {path}; {switch}"
"""
ANSIBLE_CONFIG = """\
[defaults]
interpreter_python = /usr/bin/python3
[ssh_connection]
pipelining = true
ssh_args = -F {config} -o ControlMaster=auto -o ControlPersist=60s
"""

CAPFILE = """\
require "capistrano/setup"
require "capistrano/deploy"
require "capistrano/scm/git"
install_plugin Capistrano::SCM::Git
"""
DEPLOY_RB = """\
set :application, "tree"
set :repo_url, "{repository}"
set :branch, "main"
set :deploy_to, "{path}"
set :keep_releases, {kept}
set :ssh_options, {{config: "{config}", verify_host_key: :never}}
"""


def install(cache: Path) -> None:
    """pyinfra and Ansible into an environment of their own below `cache`; Capistrano from the system's packages."""
    subprocess.run([sys.executable, "-m", "venv", cache / "peers"], check=True)
    pip = str(cache / "peers/bin/pip")
    quietly = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([pip, "install", *quietly, "pyinfra", "ansible"], check=True)
    subprocess.run(["apt-get", "install", "--yes", "--quiet", "capistrano"], check=True)


def peers(on: Bench, cache: Path, runs: int) -> Iterator[Row]:
    """A row for the script, and one for every peer that is installed."""
    found: dict[str, Prepare] = {"a script by hand": by_hand}
    if (cache / "peers/bin/pyinfra").exists():
        found["pyinfra"] = by_pyinfra
    if (cache / "peers/bin/ansible-playbook").exists():
        found["Ansible"] = by_ansible
    if shutil.which("cap"):
        found["Capistrano"] = by_capistrano
    for name, prepare in found.items():
        work = prepare(on, cache / "peers/bin")
        for _ in range(KEPT + 1):
            work()
        theirs, bare = in_turns(work, lambda: on.bare(1), runs=runs)
        yield Row(f"{PEER}nothing changed, one host: {name}", theirs, bare)


def facts(on: Bench, name: str) -> dict[str, object]:
    """What the texts above are filled with; the directory is there."""
    directory = on.farm.directory / name
    directory.mkdir()
    return {
        "directory": directory,
        "host": on.farm.hosts[0].name,
        "config": on.farm.ssh_config,
        "known": on.farm.known_hosts,
        "plain": on.plain,
        "path": f"{on.farm.hosts[0].remote_srv}/{name}",
        "kept": KEPT,
        "switch": SWITCH.format(kept=KEPT),
        "repository": directory / "repository",
    }


def written(on: Bench, name: str, texts: dict[str, str]) -> Path:
    """A directory with these files, filled in."""
    known = facts(on, name)
    directory = Path(str(known["directory"]))
    for path, text in texts.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text.format(**known))
    return directory


def by_hand(on: Bench, programs: Path) -> Callable[[], Sample]:
    """One connection, hard links, rsync, switch, prune."""
    place = written(on, "script", {"deploy.sh": SCRIPT})
    return lambda: run(["sh", place / "deploy.sh"])


def by_pyinfra(on: Bench, programs: Path) -> Callable[[], Sample]:
    """The script's steps as operations."""
    place = written(on, "pyinfra", {"deploy.py": PYINFRA, "hosts.py": PYINFRA_HOSTS})
    return lambda: run([programs / "pyinfra", "-y", "hosts.py", "deploy.py"], cwd=place)


def by_ansible(on: Bench, programs: Path) -> Callable[[], Sample]:
    """The script's steps as tasks, with pipelining."""
    place = written(on, "ansible", {"deploy.yml": ANSIBLE, "ansible.cfg": ANSIBLE_CONFIG})
    words = [str(programs / "ansible-playbook"), "-i", f"{on.farm.hosts[0].name},", "deploy.yml"]
    return lambda: run(words, cwd=place, env={"PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin"})


def by_capistrano(on: Bench, programs: Path) -> Callable[[], Sample]:
    """Its own git strategy; the tree without submodules in one repository that the host reads."""
    stage = f'server "{on.farm.hosts[0].name}"\n'
    texts = {"Capfile": CAPFILE, "config/deploy.rb": DEPLOY_RB, "config/deploy/production.rb": stage}
    place = written(on, "capistrano", texts)
    shutil.copytree(on.plain, place / "repository", symlinks=True)
    git(place / "repository", "init", "--quiet", "--initial-branch=main")
    for key, value in WHO.items():
        git(place / "repository", "config", key, value)
    git(place / "repository", "add", "--all", "--force")
    git(place / "repository", "commit", "--quiet", "--message", "Begin")
    return lambda: run(["cap", "production", "deploy"], cwd=place)
