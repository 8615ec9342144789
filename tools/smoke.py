"""Smoke test of one package alone: its README's examples and its demo, without test dependencies.

``nox -s smoke`` creates the environment from the package's wheel and its extra ``demo``:

    python -m tools.smoke PACKAGE
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from llmaas_sandbox import Sandbox
from tests.helpers import snippets
from tests.helpers.isolation import network
from tests.helpers.repository import ROOT, Package


def examples(package: Package) -> None:
    """Run the examples of a README against the sandbox, in a temporary folder."""
    network.forbid()
    page = package.path / "README.md"
    with Sandbox() as box, tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ.update(LLMAAS_BASE_URL=box.base_url, LLMAAS_API_KEY=box.api_key)
        count = snippets.run(page)
        os.chdir(ROOT)
    if refused := network.forgive():
        sys.exit(f"tried to leave this machine: {refused}")
    print(f"{page.relative_to(ROOT)}: {count} examples ran")


def demos(package: Package) -> None:
    """Run the package's demo as users do, by the command and without a key."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("LLMAAS_")}
    for name in package.project.get("entry-points", {}).get("llmaas.demos", ()):
        command = [sys.executable, "-m", "llmaas_cli", "demo", "--framework", name]
        subprocess.run(command, env=kept, check=True)


if __name__ == "__main__":
    alone = Package(ROOT / "packages" / sys.argv[1])
    examples(alone)
    demos(alone)
