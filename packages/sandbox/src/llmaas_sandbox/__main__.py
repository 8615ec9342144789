"""``python -m llmaas_sandbox``."""

from llmaas_sandbox.cli import main

if __name__ == "__main__":
    main()
