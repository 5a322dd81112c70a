from fabfile import ns  # noqa: F401 - so that `inv` finds the same tasks as `fab`
