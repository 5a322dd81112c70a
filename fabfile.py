"""The tasks of this repository: those of deploytasks, and the demo."""

from demo import demo
from deploytasks import namespace

ns = namespace()
ns.add_task(demo)
