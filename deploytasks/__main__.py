"""`python -m deploytasks [DIRECTORY]` scaffolds a project, where `fab init` cannot yet:
fab needs a fabfile to find tasks.
"""

import sys
from pathlib import Path

from . import console
from .scaffold import scaffold

for name in scaffold(Path(sys.argv[1] if len(sys.argv) > 1 else ".")):
    console.result(f"wrote {name}")
