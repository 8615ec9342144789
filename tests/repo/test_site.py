"""The documentation site: navigation, the checks of the built pages, the list of public names."""

import ast
import re

import pytest

import llmaas
from tests.helpers import snippets
from tests.helpers.repository import PACKAGES, ROOT
from tools import check_site
from tools.public_api import public_modules

DOCS = ROOT / "docs"
CONFIGURATION = (DOCS / "site/mkdocs.yml").read_text()
HOOKS = (DOCS / "site/hooks.py").read_text()
NAVIGATION = re.findall(r"[\w/-]+\.md", CONFIGURATION.partition("\nnav:\n")[2])
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def test_navigation_has_each_page_once():
    assert len(NAVIGATION) == len(set(NAVIGATION))
    languages = {page for page in PAGES if page.startswith(("fr/", "es/"))}  # the language menu
    unlisted = {page for page in PAGES if "/" in page} - {*NAVIGATION, *languages}
    assert not unlisted, "add them to nav in docs/site/mkdocs.yml"


@pytest.mark.parametrize("page", sorted(set(NAVIGATION) - set(PAGES)))
def test_navigation_entry_without_file_is_mounted(page):
    assert f'"{page}"' in HOOKS or page.startswith("frameworks/")


def test_public_names_are_read_without_importing():
    names = public_modules()["llmaas"]
    assert set(names) == set(llmaas.__all__) - {"__version__"}
    assert names[:2] == ["AsyncLLMaaS", "LLMaaS"]


def imported_by_pages():
    """Yield page, module and name of each import from our packages in a snippet."""
    roots = tuple(name for package in PACKAGES for name in package.import_names)
    for page in (ROOT / "README.md", *ROOT.glob("packages/*/README.md"), *DOCS.rglob("*.md")):
        for block in snippets.BLOCK.finditer(page.read_text()):
            for node in ast.walk(ast.parse(block["code"])):
                if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(
                    tuple(f"{root}." for root in roots)
                ):
                    yield from ((page.name, node.module, alias.name) for alias in node.names)


def test_names_that_pages_import_are_in_the_api_reference():
    public = public_modules()
    internal = [
        (page, module, name)
        for page, module, name in imported_by_pages()
        if f"{module}.{name}" not in public and name not in (public.get(module, []) or [name])
    ]
    assert not internal
    unknown = {module for _, module, _ in imported_by_pages()} - {*public, "llmaas_sandbox"}
    assert not {module for module in unknown if not any(m.startswith(module) for m in public)}


@pytest.fixture
def site(tmp_path):
    """Write a site of two pages, with an entry for each public name."""
    for module, names in public_modules().items():
        page = tmp_path / f"api/{module}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text("".join(f'<h2 id="{module}.{name}"></h2>' for name in names))
    (tmp_path / "other.html").write_text('<h2 id="part"></h2>')

    def check(text):
        check_site.read.cache_clear()
        (tmp_path / "index.html").write_text(text)
        return list(check_site.problems(tmp_path))

    yield check
    check_site.read.cache_clear()


@pytest.mark.parametrize(
    "text",
    [
        '<a href="other.html#part">x</a>',
        '<a href="https://example.org/">x</a>',
        '<a href="#here">x</a><p id="here"></p>',
        '<link rel="canonical" href="https://example.org/"><img src="data:image/png;base64,AA==">',
    ],
)
def test_check_accepts(site, text):
    assert site(text) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('<a href="missing.html">x</a>', "index.html links to missing.html"),
        ('<a href="other.html#gone">x</a>', "index.html links to other.html#gone"),
        ('<script src="https://cdn.example/x.js"></script>', "loads https://cdn.example/x.js"),
        ('<link rel="stylesheet" href="//cdn.example/x.css">', "loads //cdn.example/x.css"),
    ],
)
def test_check_reports(site, text, problem):
    [found] = site(text)
    assert problem in found


def test_check_reports_public_names_without_an_entry(site, tmp_path):
    (tmp_path / "api/llmaas.html").write_text("")
    assert "llmaas.LLMaaS is not in the API reference" in site("")
