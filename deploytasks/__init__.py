"""Deploy Python applications with private, vendored dependencies."""
