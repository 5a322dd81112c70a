"""What `init` writes into an existing project, from what can be known of it. Nothing that exists is changed."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import UsageError
from ..source.django import Django, django_of

IGNORED = ("environments/*.local.env", ".deploy/")
MODES = {"postinstall": 0o755}
PRIVATE = 0o600


def scaffold(root: Path) -> tuple[str, ...]:
    """Write what is missing into the project at `root`; answers the paths written, .gitignore when it grew.

    Raises UsageError when `root` is no directory, or cannot be written.
    """
    if not root.is_dir():
        raise UsageError(
            f"{root}: is no directory; name the one of an existing project, or nothing for this one"
        )
    try:
        return tuple(written(root))
    except OSError as error:
        raise UsageError(
            f"{error.filename}: cannot be written ({error.strerror}); see who may write there"
        ) from error


def written(root: Path) -> Iterator[str]:
    """The paths that were missing and are there now."""
    if ignore(root / ".gitignore"):  # before any secret is there to be committed
        yield ".gitignore"
    for name, text in files(root.resolve().name, django_of(root)).items():
        path = root / name
        if not os.path.lexists(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = PRIVATE if name.endswith(".local.env") else MODES.get(name, 0o644)
            with os.fdopen(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8"
            ) as stream:
                stream.write(text)
            yield name


def files(name: str, django: Django | None) -> Mapping[str, str]:
    """{path: text} of all that a project needs; `django` is what is known of it where it is one of Django's."""
    place = f"/srv/{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('-.') or 'app'}"
    key = (
        {f"environments/{one}.local.env": local(one) for one in ("dev", "staging", "prod")} if django else {}
    )
    hook = {"postinstall": POSTINSTALL} if django and django.static_root else {}
    return {
        "fabfile.py": "from deploytasks import namespace\n\nns = namespace()\n",
        "tasks.py": "from fabfile import ns  # noqa: F401 - so that `inv` finds the same tasks as `fab`\n",
        "environments/common.env": common(django),
        "environments/dev.env": DEV,
        "environments/staging.env": f"DEPLOY_HOSTS=deploy@staging.example.com\nDEPLOY_PATH={place}\n{SERVING}",
        "environments/prod.env": (
            f"DEPLOY_HOSTS='deploy@www1.example.com deploy@www2.example.com'\nDEPLOY_PATH={place}\n{PROD}{SERVING}"
        ),
        **key,
        **hook,
    }


def common(django: Django | None) -> str:
    """What all environments have: for Django what it needs, for others how that would be written."""
    head = (
        "# Settings shared by all environments. DEPLOY_ keys are the tool's, all others the application's.\n"
    )
    if django is None:
        return f"{head}# DEPLOY_SHARED_DIRS=media\n# DEPLOY_MIGRATE='python manage.py migrate --noinput'\n"
    media = "DEPLOY_SHARED_DIRS=media\n" if django.media_root else "# DEPLOY_SHARED_DIRS=media\n"
    module = f"DJANGO_SETTINGS_MODULE={django.settings}\n" if django.settings else ""
    return f"{head}{media}DEPLOY_MIGRATE='python manage.py migrate --noinput'\n{module}"


def local(environment: str) -> str:
    """The secrets of an environment, with a key of its own."""
    return f"# Secrets of {environment}: git ignores this file.\nSECRET_KEY={secrets.token_urlsafe(48)}\n"


def ignore(file: Path) -> bool:
    """Have git ignore what must not be committed; answers whether a line was missing."""
    before = file.read_text("utf-8", "surrogateescape") if file.exists() else ""
    missing = [line for line in IGNORED if line not in before.splitlines()]
    if missing:
        joint = "" if not before or before.endswith("\n") else "\n"
        file.write_text(before + joint + "\n".join(missing) + "\n", "utf-8", "surrogateescape")
    return bool(missing)


def next_steps(root: Path) -> Iterator[str]:
    """What is to be done now, in order."""
    yield "next: write your hosts into environments/staging.env and prod.env"
    django = django_of(root)
    if django is None:
        yield "      secrets belong into environments/<env>.local.env, which git ignores"
    else:
        yield "      add the other secrets (DATABASE_URL, …) to environments/<env>.local.env, which git ignores"
    if django and not django.reads_secret_key:
        yield '      have the settings read SECRET_KEY: os.environ["SECRET_KEY"]'
    yield "      commit, then `fab check --env=staging` and `fab deploy --env=staging`"


DEV = (
    "# This machine, what is on disk.\n"
    "DEPLOY_HOSTS=local:\n"
    "DEPLOY_PATH=.deploy/dev\n"
    "DEPLOY_SOURCE=worktree\n"
    "DEPLOY_ALLOW_DIRTY=yes\n"
)
PROD = "DEPLOY_BRANCH=main\nDEPLOY_CONFIRM=yes\nDEPLOY_BATCH=1\n"
SERVING = "# DEPLOY_RESTART='sudo systemctl restart app'\n# DEPLOY_HEALTH_URL=http://127.0.0.1:8000/health\n"
POSTINSTALL = "#!/bin/sh\nset -e\npython manage.py collectstatic --noinput\n"
