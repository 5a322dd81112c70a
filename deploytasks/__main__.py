"""`python -m deploytasks [DIRECTORY]` scaffolds a project, where `fab init` cannot yet:
fab needs a fabfile to find tasks.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .commands.init import scaffold
from .errors import UsageError
from .output import console

parser = argparse.ArgumentParser(
    "python -m deploytasks", description="Write what a project lacks for deploytasks."
)
parser.add_argument("directory", nargs="?", type=Path, default=Path(), help="the project (default: here)")
try:
    for name in scaffold(parser.parse_args().directory):
        console.result(f"wrote {name}")
except UsageError as wrong:
    console.trouble(str(wrong))
    sys.exit(wrong.exit_code)
