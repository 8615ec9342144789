"""Launcher that runs a program like ``python`` does, with the network guard.

python -m tests.helpers.isolation.no_network app.py ...
python -m tests.helpers.isolation.no_network folder
python -m tests.helpers.isolation.no_network -m module ...
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from tests.helpers.isolation import network


def main() -> None:
    """Install the guard, then run the program."""
    network.forbid(tell=True)
    sys.argv = sys.argv[1:]
    if sys.argv[0] == "-m":
        del sys.argv[0]
        sys.path[0] = ""
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        program = Path(sys.argv[0])
        sys.path[0] = str(program if program.is_dir() else program.parent)
        runpy.run_path(str(program), run_name="__main__")


if __name__ == "__main__":
    main()
