"""``python -m llmaas_cli``."""

from llmaas_cli.commands import main

if __name__ == "__main__":
    main()
