"""``python -m llmaas``: the command of the package ``llmaas-cli``."""

import sys

from llmaas._cli import import_cli

if __name__ == "__main__":
    try:
        commands = import_cli("commands")
    except ImportError as error:
        sys.exit(f"error: {error}")
    commands.main()
