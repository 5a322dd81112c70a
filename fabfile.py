"""The tasks of this repository: those of deploytasks, and the demo."""

from deploytasks import namespace
from demo import demo

ns = namespace()
ns.add_task(demo)
