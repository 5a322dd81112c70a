"""What a release says of itself: release.json."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from .._version import __version__
from ..urls import public

if TYPE_CHECKING:
    from .context import StepContext


def provenance(context: StepContext) -> dict[str, Any]:
    """The content of release.json: where the code is from, who shipped it, and with what; never a secret."""
    assert context.built is not None
    tree, identity = context.built.tree, context.plan.identity
    return {
        "schema": 1,
        "release": context.release,
        "environment": context.environment.name,
        "revision": tree.revision.commit,
        "branch": tree.revision.branch,
        "describe": tree.revision.describe,
        "source": context.environment.settings.source,
        "dirty": context.built.dirty,
        "vendored": [
            {"path": one.path, "url": public(one.url), "commit": one.commit, "describe": one.describe}
            for one in tree.dependencies
        ],
        "who": identity.who,
        "from": identity.machine,
        "run": identity.run_id,
        "at": context.plan.started,
        "tool_version": __version__,
        "tree_digest": tree.digest,
        "dependency_key": f"own-{context.release}" if context.built.bundle.mode == "none" else context.key,
        "environment_fingerprint": fingerprint(context.environment.revealed(), identity.run_id),
    }


def fingerprint(variables: dict[str, str], salt: str) -> str:
    """A digest that equals another only for the same variables and the same salt; tells nothing of a value."""
    text = json.dumps(sorted(variables.items()))
    return (
        f"{salt[:8]}:"
        + hashlib.pbkdf2_hmac("sha256", text.encode("utf-8", "surrogateescape"), salt.encode(), 10_000).hex()[
            :32
        ]
    )
