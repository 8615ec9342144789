"""Screenshots of the apps and of the console: desktop and phone, light and dark.

``./run --apps python -m tools.screenshots FOLDER [NAME ...]`` starts each page on a sandbox, asks a
question and writes ``FOLDER/NAME-desktop-light-start.png`` and so on, to be looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from llmaas import LLMaaS, LLMaaSError
from llmaas_sandbox import Sandbox
from tests.helpers.browser.apps import COOKBOOKS, App, browsing, free_port

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
MODELS = ("gemma4:31b", "gpt-oss:120b", "qwen3.6:27b", "unknown")
Visit = Callable[[Any], None]


@contextmanager
def console() -> Iterator[str]:
    """Run a sandbox with some traffic, a dead machine and a draining one."""
    with Sandbox() as box:
        box.set_machine("ma03", "dead")
        box.set_machine("ma05", "draining")
        key = box.make_key("acme", tier="1", label="ci")
        with LLMaaS(api_key=key, base_url=box.base_url) as client:
            for number in range(40):
                _ask(client, f"Tell me {number} facts about Nîmes.", MODELS[number % 4])
                box.advance(5)
        yield f"{box.root_url}/console#{box.admin_key}"


def _ask(client: LLMaaS, question: str, model: str) -> None:
    with suppress(LLMaaSError):  # the unknown model: errors in the charts
        client.chat(question, model=model)


@contextmanager
def app(*command: str, healthy: str, port_variable: str = "", flag: str = "") -> Iterator[str]:
    """Run a cookbook app on its embedded sandbox."""
    port = free_port()
    env = {port_variable: str(port)} if port_variable else {}
    words = [*command, flag.format(port)] if flag else [*command]
    with App(*words, port=port, healthy=healthy, env=env) as running:
        yield running.url


def visit_console(page: Any) -> None:
    """Point at a chart."""
    page.locator("polyline").first.wait_for()
    page.locator("#throughput").hover()


def visit_fastapi(page: Any) -> None:
    """Click an example question."""
    page.get_by_role("button", name="Why can the answer").click()
    page.locator(".bill").wait_for()


def visit_streamlit(page: Any) -> None:
    """Ask the demo's documents."""
    page.get_by_text("Use the demo's documents").click()
    page.get_by_text("can be cited").wait_for()
    page.get_by_role("button", name="Why can the answer").click()
    page.get_by_text("Sources").first.wait_for()


def visit_gradio(page: Any) -> None:
    """Click an example question."""
    page.get_by_text("Why can the answer").first.click()
    page.get_by_text("EUR ·").first.wait_for()


STREAMLIT = ("-m", "streamlit", "run", str(COOKBOOKS / "streamlit/app.py"))
PAGES: dict[str, tuple[Callable[[], Any], Visit]] = {
    "console": (console, visit_console),
    "fastapi": (
        partial(app, str(COOKBOOKS / "fastapi"), healthy="/health/live", port_variable="APP_PORT"),
        visit_fastapi,
    ),
    "streamlit": (
        partial(app, *STREAMLIT, healthy="/_stcore/health", flag="--server.port={}"),
        visit_streamlit,
    ),
    "gradio": (
        partial(
            app,
            str(COOKBOOKS / "gradio/app.py"),
            healthy="/",
            port_variable="GRADIO_SERVER_PORT",
        ),
        visit_gradio,
    ),
}


def take(browser: Any, url: str, visit: Visit, stem: str) -> None:
    """Take two pictures, before and after the visit, in each size and color scheme."""
    for (size, (width, height)), scheme in product(SIZES.items(), SCHEMES):
        viewport = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, color_scheme=scheme)
        page = context.new_page()
        page.set_default_timeout(90_000)
        page.goto(url)
        page.wait_for_timeout(2_500)  # fonts, animations
        page.screenshot(path=f"{stem}-{size}-{scheme}-start.png")
        visit(page)
        page.wait_for_timeout(1_500)
        page.screenshot(path=f"{stem}-{size}-{scheme}.png")
        context.close()


def main(folder: Path, names: list[str]) -> None:
    """Write the pictures of the named pages, or of all."""
    folder.mkdir(parents=True, exist_ok=True)
    with browsing() as browser:
        for name in names or PAGES:
            start, visit = PAGES[name]
            with start() as url:
                take(browser, url, visit, str(folder / name))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
