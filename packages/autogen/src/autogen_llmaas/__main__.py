"""``python -m autogen_llmaas``: the same as ``autogen-llmaas``."""

import sys

from autogen_llmaas.cli import main

sys.exit(main())
