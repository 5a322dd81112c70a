"""Django migrations, read from the files of trees and never run: what comes, what it does, in which order."""

from .difference import Changed, Difference, Reversal, difference
from .files import migration_files
from .lines import lines
from .migration import Doubt, Effect, Key, Migration
from .order import Order, ordered
from .tree import Migrations, read_migrations

__all__ = [
    "Changed",
    "Difference",
    "Doubt",
    "Effect",
    "Key",
    "Migration",
    "Migrations",
    "Order",
    "Reversal",
    "difference",
    "lines",
    "migration_files",
    "ordered",
    "read_migrations",
]
