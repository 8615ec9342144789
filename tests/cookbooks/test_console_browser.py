"""The sandbox's console in a real browser: login, charts, phone."""

import pytest

from tests.helpers.browser.apps import browsing, needs, visiting

needs("playwright")

CHAT = {"model": "gemma4:31b", "messages": [{"role": "user", "content": "Bonjour"}]}


@pytest.fixture(scope="module")
def browser():
    with browsing() as running:
        yield running


@pytest.fixture
def console(sandbox):
    import openai

    with openai.OpenAI(base_url=sandbox.base_url, api_key=sandbox.api_key) as client:
        client.chat.completions.create(**CHAT)
    return f"{sandbox.root_url}/console"


def test_console_shows_data_only_after_a_valid_key(browser, console, sandbox):
    with visiting(browser, console) as page:
        page.get_by_text("enter a key").wait_for()
        assert not page.get_by_text("Last ten minutes").is_visible()
        page.get_by_label("Administrator key").fill("wrong")
        page.get_by_role("button", name="Open").click()
        page.get_by_text("the key is not valid").wait_for()
        assert not page.get_by_text("Last ten minutes").is_visible()
        page.get_by_label("Administrator key").fill(sandbox.admin_key)
        page.get_by_role("button", name="Open").click()
        page.get_by_text("Last ten minutes").wait_for()
        assert not page.get_by_label("Administrator key").is_visible()


def test_chart_shows_the_values_under_the_pointer(browser, console, sandbox):
    with visiting(browser, f"{console}#{sandbox.admin_key}") as page:
        page.locator("#tokens polyline").wait_for()
        assert page.locator(".tip:visible").count() == 0
        page.locator("#tokens").hover()
        shown = page.locator("section", has=page.locator("#tokens")).locator(".tip")
        shown.wait_for()
        assert "tokens 0/s" in shown.inner_text()
        page.mouse.move(0, 0)
        shown.wait_for(state="hidden")


def test_console_fits_a_phone(browser, console, sandbox):
    with visiting(browser, f"{console}#{sandbox.admin_key}", width=390) as page:
        page.get_by_text("gemma4:31b").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        wide = "[...document.querySelectorAll('td')].filter(cell => cell.scrollWidth > innerWidth)"
        assert page.evaluate(f"{wide}.length") == 0
