"""Hooks of the documentation site: mounted pages, the API reference, links, page languages.

Pages that live elsewhere in the repository are shown under an address of the site, so that a
package's README is its guide. Links between files of the repository are rewritten to pages of the
site, and so are links to the repository's address, which PyPI needs. Other files of the repository
are linked there.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pymdownx.slugs import slugify

from tools.public_api import is_error, public_modules, summary
from tools.readme_links import BRANCH, repository_url

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
METADATA = tomllib.loads((ROOT / "packages/core/pyproject.toml").read_text("utf-8"))
REPOSITORY = METADATA["project"]["urls"]["Source"]

FRAMEWORKS = (
    *("agent-framework", "autogen", "haystack", "langchain", "llama-index"),
    *("pydantic-ai", "semantic-kernel"),
)
MOUNTS = {
    **{f"packages/{name}/README.md": f"frameworks/{name}.md" for name in FRAMEWORKS},
    "packages/core/README.md": "reference/client.md",
    "packages/cli/README.md": "reference/cli.md",
    "packages/sandbox/README.md": "reference/sandbox.md",
    "tests/README.md": "reference/results.md",
    "tests/SECURITY.md": "reference/security-tests.md",
    "CONTRIBUTING.md": "about/contributing.md",
    "CHANGELOG.md": "about/changelog.md",
    "SECURITY.md": "about/security.md",
    "cookbooks/README.md": "cookbooks.md",
}
"""Pages of the site by their files in the repository. Folders stand for their README."""

MODULES = "<!-- modules: written by docs/site/hooks.py -->"
SECTION = re.compile(r"^<!-- section: (?P<path>\S+)#(?P<anchor>\S+) -->$", re.MULTILINE)
HEADING = re.compile(r"^(?P<level>#+) (?P<text>.+)\n", re.MULTILINE)
LONGEST_CONTENTS = 40
"""Entries of a table of contents; a longer one lists classes and functions without members."""
LATER = "---\nsearch: {boost: 0.5}\n---\n\n"
"""Head of pages that search lists after others."""
LINK = re.compile(r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s]+)\)")
OWN_FILE = re.compile(rf"{re.escape(repository_url())}/(?:blob|tree)/{BRANCH}/(?P<path>.+)")
FENCE = re.compile(r"^ *(```|~~~).*?^ *\1", re.MULTILINE | re.DOTALL)
LIST_ITEM = re.compile(r"(?:[*+-]|\d+\.) ")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add mounted pages and the API reference."""
    for source, address in MOUNTS.items():
        if (ROOT / source).is_file():
            files.append(File.generated(config, address, abs_src_path=str(ROOT / source)))
    for address, text in api_pages():
        files.append(File.generated(config, address, content=text))
    add_to_navigation(config.nav or [])
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Rewrite links between files of the repository, and separate lists from paragraphs."""
    source = page.file.abs_src_path
    text = separate_lists(markdown.replace(MODULES, module_table()))
    if not source:
        return text
    folder = Path(source).parent.relative_to(ROOT).as_posix()

    def rewritten(match: re.Match[str]) -> str:
        return rewrite(match, folder, page.file.src_uri)

    text = outside_fences(text, lambda part: LINK.sub(rewritten, part))
    return include(text, page.file.src_uri)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Mark missing behaviors in tables; shorten long tables of contents of the API reference."""
    entries = [entry for top in page.toc for entry in top.children]
    length = sum(1 + len(entry.children) for entry in entries)
    if page.file.src_uri.startswith("api/") and length > LONGEST_CONTENTS:
        for entry in entries:
            entry.children.clear()
    return re.sub("<td>(no|whole only|streamed only)</td>", r'<td class="missing">\1</td>', html)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Declare the language of pages that are not in English."""
    language = page.meta.get("language")
    return output.replace('<html lang="en"', f'<html lang="{language}"', 1) if language else output


def include(text: str, page: str) -> str:
    """Replace comments that name a section of another page by the text of that section."""

    def included(match: re.Match[str]) -> str:
        folder = posixpath.dirname(match["path"])
        text = separate_lists((ROOT / match["path"]).read_text("utf-8"))
        body = section(text, match["anchor"])
        return outside_fences(body, lambda part: LINK.sub(lambda m: rewrite(m, folder, page), part))

    return SECTION.sub(included, text)


def section(text: str, anchor: str) -> str:
    """Return the text below a heading, up to the next one of its level."""
    headings = list(HEADING.finditer(FENCE.sub(lambda fence: " " * len(fence[0]), text)))
    for number, heading in enumerate(headings):
        if slugify(case="lower")(heading["text"], "-") == anchor:
            later = (h for h in headings[number + 1 :] if len(h["level"]) <= len(heading["level"]))
            end = next(later, None)
            return text[heading.end() : end.start() if end else len(text)]
    raise ValueError(f"there is no section {anchor!r}")


def rewrite(match: re.Match[str], folder: str, page: str) -> str:
    """Return a Markdown link whose target is a page of the site, if there is one."""
    target, mark, anchor = match["target"].partition("#")
    if own := OWN_FILE.fullmatch(target):  # the packages' pages, which PyPI also shows
        folder, target = "", own["path"]
    if not target or re.match(r"[a-z]+:", target):
        return match[0]
    path = posixpath.normpath(posixpath.join(folder, target))
    address = site_address(path)
    if address:
        if path == "README.md" and anchor:
            anchor = "quick-start"  # the start page has other headings than the repository's
        relative = posixpath.relpath(address, posixpath.dirname(page) or ".")
        return f"{match['image']}[{match['text']}]({relative}{mark}{anchor})"
    kind = "tree" if (ROOT / path).is_dir() else "blob"
    return f"{match['image']}[{match['text']}]({REPOSITORY}/{kind}/main/{path}{mark}{anchor})"


def site_address(path: str) -> str | None:
    """Return the address on the site of a file or folder of the repository."""
    for name in (path, f"{path}/README.md"):
        if name in MOUNTS:
            return MOUNTS[name]
    if path.startswith("docs/") and not path.startswith("docs/site") and (ROOT / path).is_file():
        return path.removeprefix("docs/")
    return "index.md" if path == "README.md" else None


def outside_fences(text: str, change: Any) -> str:
    """Apply a function to the parts of a text that are not code blocks."""
    parts, end = [], 0
    for fence in FENCE.finditer(text):
        parts += [change(text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, change(text[end:])])


def separate_lists(text: str) -> str:
    """Put an empty line before each list, which Python-Markdown requires and GitHub does not."""

    def separated(part: str) -> str:
        lines: list[str] = []
        for line in part.splitlines(keepends=True):
            before = lines[-1] if lines else "\n"
            starts = LIST_ITEM.match(line) and before.strip() and not before.startswith(" ")
            if starts and not LIST_ITEM.match(before):
                lines.append("\n")
            lines.append(line)
        return "".join(lines)

    return outside_fences(text, separated)


def api_pages() -> Iterator[tuple[str, str]]:
    """Yield the address and the text of the page of each public module."""
    for module, names in public_modules().items():
        members = "\n\n".join(directive(f"{module}.{name}") for name in names)
        body = members or f"::: {module}\n    options:\n      show_root_heading: false\n"
        yield f"api/{module}.md", f"{LATER}# {module}\n\n{summary(module)}\n\n{body}\n"


def directive(name: str) -> str:
    """Return the entry of one name; what errors inherit is described once, with their base."""
    options = "\n    options:\n      inherited_members: false\n" if is_error(name) else ""
    return f"::: {name}{options}"


def module_table() -> str:
    """Return the table of modules of the API reference."""
    rows = [f"| [`{name}`]({name}.md) | {summary(name)} |" for name in public_modules()]
    return "\n".join(["| module | |", "|---|---|", *rows])


def add_to_navigation(nav: list[Any]) -> None:
    """Put the API reference under its entry, and pages of docs/ that have none under Reference."""
    [reference] = [entry["Reference"] for entry in nav if "Reference" in entry]
    [api] = [entry for entry in reference if "API" in entry]
    pages = [{module: f"api/{module}.md"} for module in public_modules()]
    api["API"] = ["api/index.md", *pages]
    named = str(nav)
    reference += [p.name for p in sorted(DOCS.glob("*.md")) if f"'{p.name}'" not in named]
