"""Run the snippets of a page of the documentation: ``page.py PAGE PACKAGE``."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))  # the root: snippets need no further package

from tests.helpers import snippets

count = snippets.run(Path(sys.argv[1]))
print()
print(json.dumps({"version": version(sys.argv[2]), "what": f"{count} snippets run"}))
