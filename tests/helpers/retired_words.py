"""Words of earlier drafts that public text no longer uses, and where they still occur.

``python -m tests.helpers.retired_words`` prints the occurrences.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.repository import ROOT, tracked_files

RETIRED = re.compile(
    r"(?i:\b(rooms?|tapes?|(?<!a )lots?(?= |[,.;:)])|house|personas?|witness(es)?|caretaker"
    r"|patience|misfits?|unopened|dialects?|lineages?|mend(s|ed)?|anew|unless said"
    r"|handed in|hand(s|ing)? in(?! hand)|on your desk|both families|branch(es)? of the family)\b)"
    r"|(?<![Tt]here )\b(is|are|was|were) (no|none)(?= |[,.;:)])"
)

ORDINARY = re.compile(
    r"(is|are|was|were) no (longer|more|earlier|later|less|fewer|larger|longer|shorter)\b"
    r"|(has|have|had) room\b|mak(e|es|ing) room\b|made room\b"
)
"""Ordinary English in which a retired word may stay."""

DOCUMENTS = (".md", "llms.txt")
CODE = ("packages/", "tools/", "tests/helpers/", "noxfile.py", "run")
EXEMPT = (
    "tests/helpers/retired_words.py",
    "packages/cli/src/llmaas_cli/demo/data/",
    "packages/sandbox/src/llmaas_sandbox/responder/",  # vocabularies are data
    "cookbooks/data/",
)
CODE_SPAN = re.compile(r"```.*?```|``[^`]*``|`[^`\n]*`|\]\([^)]*\)|https?:\S+", re.DOTALL)


def find_retired(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the word and its surroundings for each occurrence in a file."""
    for line, text in public_texts(path):
        plain = CODE_SPAN.sub(lambda match: re.sub(r"[^\n]", "_", match[0]), text)
        for match in RETIRED.finditer(plain):
            around = text[max(0, match.start() - 40) : match.end() + 40]
            if not ORDINARY.search(plain[max(0, match.start() - 7) : match.end() + 20]):
                yield line + plain.count("\n", 0, match.start()), match[0], " ".join(around.split())


def public_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a file that readers see, with their first lines."""
    if path.name.endswith(DOCUMENTS):
        yield 1, path.read_text()
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def public_files() -> list[Path]:
    """Return all documents, and the modules whose docstrings and messages are checked."""
    return [path for path in tracked_files() if _is_public(path.relative_to(ROOT).as_posix())]


def _is_public(name: str) -> bool:
    if name.startswith(EXEMPT):
        return False
    return name.endswith(DOCUMENTS) or (
        name.startswith(CODE) and (name.endswith(".py") or name == "run")
    )


def main() -> None:
    """Print all occurrences."""
    for path in public_files():
        for line, word, around in find_retired(path):
            print(f"{path.relative_to(ROOT)}:{line}: {word}: {around}")


if __name__ == "__main__":
    main()
