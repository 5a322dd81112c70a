"""The examples as a project for tests; the demo builds the same one."""

from examples.building import Project, git, make_project

__all__ = ["Project", "git", "make_project"]
