"""Whether this machine lets us make others."""

from __future__ import annotations

import os
import subprocess
from functools import cache as once

from tests.machines.cache import cache, own_place
from tests.machines.cgroup import Cgroup, hierarchy, remove_group
from tests.machines.namespaces import HERE, OWN_MACHINE, in_cgroup


@once
def obstacle() -> str:
    """Why there can be no machines here, in one line; empty when there can."""
    if os.geteuid() != 0:
        return "needs root"
    if hierarchy() is None:
        return "needs cgroup2, which is mounted nowhere"
    with own_place(remove_group) as directory:
        cgroup = Cgroup.of(directory.name)
        try:
            cgroup.create()
            words = [*in_cgroup(cgroup.path), *OWN_MACHINE, "sh", HERE / "trial.sh", directory]
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        except OSError as error:
            return f"may make no control group: {error}"
        finally:
            cgroup.remove()
    said = " ".join(done.stderr.split())
    return f"may make no machine under {cache()} (DEPLOYTASKS_TEST_CACHE): {said}" if done.returncode else ""
