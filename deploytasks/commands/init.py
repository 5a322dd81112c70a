"""What `init` writes into an existing project. Nothing that exists is overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import UsageError

FILES: Mapping[str, str] = {
    "fabfile.py": "from deploytasks import namespace\n\nns = namespace()\n",
    "tasks.py": "from fabfile import ns  # noqa: F401 - so that `inv` finds the same tasks as `fab`\n",
    "environments/common.env": (
        "# Settings shared by all environments. DEPLOY_ keys are the tool's, all others the application's.\n"
        "# DEPLOY_SHARED_DIRS=media\n"
        "# DEPLOY_MIGRATE='python manage.py migrate --noinput'\n"
    ),
    "environments/dev.env": (
        "# This machine, what is on disk.\n"
        "DEPLOY_HOSTS=local:\n"
        "DEPLOY_PATH=.deploy/dev\n"
        "DEPLOY_SOURCE=worktree\n"
        "DEPLOY_ALLOW_DIRTY=yes\n"
    ),
    "environments/staging.env": (
        "DEPLOY_HOSTS=deploy@staging.example.com\n"
        "DEPLOY_PATH=/srv/app\n"
        "# DEPLOY_RESTART='sudo systemctl restart app'\n"
        "# DEPLOY_HEALTH_URL=http://127.0.0.1:8000/health\n"
    ),
    "environments/prod.env": (
        "DEPLOY_HOSTS='deploy@www1.example.com deploy@www2.example.com'\n"
        "DEPLOY_PATH=/srv/app\n"
        "DEPLOY_BRANCH=main\n"
        "DEPLOY_CONFIRM=yes\n"
        "DEPLOY_BATCH=1\n"
        "# Secrets belong into prod.local.env, which git ignores.\n"
    ),
}
IGNORED = ("environments/*.local.env", ".deploy/")


def scaffold(root: Path) -> tuple[str, ...]:
    """Write what is missing into the project at `root`; answers the paths written, .gitignore when it grew.

    Raises UsageError when `root` is no directory.
    """
    if not root.is_dir():
        raise UsageError(
            f"{root}: is no directory; name the one of an existing project, or nothing for this one"
        )
    written = []
    for name, text in FILES.items():
        path = root / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            written.append(name)
    ignore = root / ".gitignore"
    before = ignore.read_text("utf-8") if ignore.exists() else ""
    missing = [line for line in IGNORED if line not in before.splitlines()]
    if missing:
        joint = "" if not before or before.endswith("\n") else "\n"
        ignore.write_text(before + joint + "\n".join(missing) + "\n", "utf-8")
        written.append(".gitignore")
    return tuple(written)
