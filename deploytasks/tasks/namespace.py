"""namespace(): the collection of tasks that a project's fabfile names `ns`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from invoke.collection import Collection

from . import db, env, maintenance, project, release, vendor

if TYPE_CHECKING:
    from ..recipe.recipe import Recipe


TOP = (
    release.deploy,
    release.plan,
    release.rollback,
    release.releases,
    release.status,
    release.ps,
    maintenance.check,
    maintenance.prune,
    maintenance.backups,
    maintenance.postinstall,
    maintenance.run,
    maintenance.logs,
    maintenance.lock,
    maintenance.unlock,
    project.init,
    project.completion,
)


def namespace(recipe: Recipe | None = None) -> Any:
    """Every task of deploytasks; `recipe` replaces the default one, e.g. `DEFAULT.before("publish", warm_cache)`."""
    collection = Collection(*TOP)
    collection.add_collection(Collection.from_module(vendor, name="vendor"))
    collection.add_collection(Collection.from_module(env, name="env"))
    collection.add_collection(Collection.from_module(db, name="db"))
    if recipe is not None:
        collection.configure({"deploytasks": {"recipe": recipe}})
    return collection
