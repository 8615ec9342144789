"""Pages of the documentation that need packages of their own: run like the clients of others.

A page names them in its head, under ``requires`` or ``requires-npm``, and a server that it needs
under ``server``: the page is skipped where the environment does not name one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from clients import Client

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SERVERS = {"postgres": "DATABASE_URL", "opensearch": "OPENSEARCH_URL"}
FIELD = re.compile(r"^(requires(?:-npm)?|server): (.+)$", re.MULTILINE)


def page_clients() -> list[Client]:
    """Return the pages whose server, if they need one, is available."""
    found = []
    for path in sorted(DOCS.rglob("*.md")):
        fields = dict(FIELD.findall(head(path)))
        packages = fields.get("requires") or fields.get("requires-npm")
        if packages and is_available(fields.get("server")):
            name = path.relative_to(ROOT).as_posix()
            script = "page.mjs" if "requires-npm" in fields else "page.py"
            found.append(Client(name, script, tuple(map(resolve, packages.split())), page=path))
    return found


def head(path: Path) -> str:
    """Return the metadata block at the beginning of a page."""
    text = path.read_text()
    return text.split("---\n", 2)[1] if text.startswith("---\n") else ""


def is_available(server: str | None) -> bool:
    """Whether a page needs no server, or the environment names one."""
    return server is None or SERVERS[server] in os.environ


def resolve(package: str) -> str:
    """Return a requirement, with folders of the repository as absolute paths."""
    return str(ROOT / package) if package.startswith("./") else package


def javascript(page: Path) -> str:
    """Return the JavaScript of a page as one module, which ends with its outcome."""
    code = "\n".join(re.findall(r"```javascript\n(.*?)```", page.read_text(), re.DOTALL))
    return f'{code}\nconsole.log(JSON.stringify({{version: "npm", what: "the page runs"}}));\n'
