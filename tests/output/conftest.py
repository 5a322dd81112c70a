"""A project on hosts and on this machine, as the tests of releases have them."""

from tests.release.conftest import local, project, staging, three_hosts

__all__ = ["local", "project", "staging", "three_hosts"]
