"""``python -m llmaas.cli``."""

from llmaas.cli import main

if __name__ == "__main__":
    main()
