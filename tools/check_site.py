"""Checks of the built documentation site.

``python -m tools.check_site FOLDER`` fails when a page loads something from another host, when a
link or an anchor leads nowhere, or when a public name has no entry in the API reference.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tools.public_api import public_modules

LOADING = {
    ("img", "src"),
    ("script", "src"),
    ("link", "href"),
    ("iframe", "src"),
    ("source", "src"),
}
UNLOADED = ("canonical", "alternate")
"""Relations of ``link`` elements that browsers do not load."""


class Document(HTMLParser):
    """Anchors, links and loaded addresses of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors.update(filter(None, (values.get("id"), values.get("name"))))
        if tag == "a" and values.get("href"):
            self.links.append(values["href"] or "")
        if values.get("rel") not in UNLOADED:
            self.loaded += [
                values[name] or ""
                for name in ("src", "href")
                if (tag, name) in LOADING and name in values
            ]


@cache
def read(path: Path) -> Document:
    """Parse a page."""
    return Document(path.read_text("utf-8"))


def problems(site: Path) -> Iterator[str]:
    """Yield what is wrong with a site."""
    for path in sorted(site.rglob("*.html")):
        document, name = read(path), path.relative_to(site)
        yield from (f"{name} loads {url}" for url in document.loaded if is_external(url))
        if path.name != "404.html":  # its links begin with the address of the site
            yield from (
                f"{name} links to {link}" for link in document.links if is_broken(path, link)
            )
    for module, names in public_modules().items():
        page = site / f"api/{module}.html"
        anchors = read(page).anchors if page.is_file() else set()
        yield from (
            f"{module}.{each} is not in the API reference"
            for each in names
            if f"{module}.{each}" not in anchors
        )


def is_external(url: str) -> bool:
    """Whether an address is on another host."""
    return bool(urlsplit(url).netloc)


def is_broken(page: Path, link: str) -> bool:
    """Whether a link within the site leads nowhere."""
    url = urlsplit(link)
    if url.scheme or url.netloc:
        return False
    target = (page.parent / unquote(url.path)).resolve() if url.path else page
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return True
    return bool(url.fragment and target.suffix == ".html") and not has_anchor(target, url.fragment)


def has_anchor(page: Path, fragment: str) -> bool:
    """Whether a page has an anchor; the top of a page and line numbers of code always exist."""
    return fragment.startswith("__") or unquote(fragment) in read(page).anchors


def main() -> None:
    """Print the problems of the site in a folder; exit with 1 if there are any."""
    site = Path(sys.argv[1]).resolve()
    found = list(problems(site))
    print(
        "\n".join(found) or f"{site.name}: no external request, no broken link, every public name"
    )
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
