"""The magic's notebook in JupyterLab and a real browser, before a sandbox that can be scripted."""

import json
import re
import sys

import pytest

from llmaas_sandbox import Sandbox
from tests.helpers.browser.apps import (
    COOKBOOKS,
    GUARD,
    App,
    browsing,
    free_port,
    needs,
    picture,
    record,
    states,
    visiting,
)
from tests.helpers.isolation.network import REFUSED
from tests.helpers.repository import ROOT
from tests.helpers.waiting import eventually

needs("jupyterlab", "ipykernel", "ipywidgets", "playwright")

FOLDER = COOKBOOKS / "jupyter"
KEY, TOKEN = "sk-test-canary-0123456789", "token-of-this-test"
ACTIVE = ".jp-CodeCell.jp-mod-active .jp-Cell-outputArea"
QUESTION, FOLLOW_UP = "How many people does", "And which temple"
THOUGHT = "The arena is in the first line.\nIts places are in the second, as a number."
ANSWER = """\
The arena holds **24,000 people**. What else was said about the city:

* it lies in the south of France,
* the arena is Roman,
* the temple is called *Maison Carrée*.

That is all of it."""
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "extensionmanager-extension/plugin": {"enabled": False},
    "notebook-extension/tracker": {"windowingMode": "none"},  # cells out of sight exist as well
}
FLAGS = [
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--LabApp.news_url=None",
    "--ServerApp.allow_root=True",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.open_browser=False",
    "--ServerApp.port_retries=0",
    "--ServerApp.terminals_enabled=False",
]


@pytest.fixture(scope="module")
def box():
    with Sandbox(tokens_per_second=50, api_keys=(KEY,)) as running:
        yield running


@pytest.fixture(scope="module")
def lab(box, tmp_path_factory):
    home = tmp_path_factory.mktemp("lab")
    settle(home)
    port = free_port()
    flags = [*FLAGS, f"--ServerApp.port={port}", f"--ServerApp.root_dir={home / 'notebooks'}"]
    env = {**surroundings(home), "LLMAAS_API_KEY": KEY, "LLMAAS_BASE_URL": box.base_url}
    with App("-m", "jupyterlab", *flags, port=port, healthy="/api", env=env) as running:
        yield running
        assert KEY not in running.output
        assert running.stayed_here()


@pytest.fixture(scope="module")
def browser():
    with browsing() as running:
        yield running


@pytest.fixture(scope="module")
def opened(browser, lab):
    with visiting(browser, f"{lab.url}/doc/tree/magic.ipynb?token={TOKEN}") as page:
        idle(page)
        run(page, "%load_ext llmaas").get_by_text(
            "Connected to the service at http://127"
        ).wait_for()
        yield page


@pytest.fixture
def notebook(opened, box):
    idle(opened)
    box.reset()
    yield opened
    for secret in (KEY, REFUSED):
        assert secret not in opened.content()


def settle(home):
    """Lay out the notebook with one kept output, settings, a kernel that may not leave here."""
    book = json.loads((FOLDER / "magic.ipynb").read_text())
    for one in book["cells"]:
        if one["cell_type"] == "code":
            one["execution_count"] = None
            if FOLLOW_UP not in "".join(one["source"]):
                one["outputs"] = []
    write(home / "notebooks/magic.ipynb", book)
    for name, values in SETTINGS.items():
        write(home / f"settings/@jupyterlab/{name}.jupyterlab-settings", values)
    command = [sys.executable, "-m", GUARD, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": command, "display_name": "Python 3", "language": "python"}
    kernel["env"] = {"PYTHONPATH": str(ROOT)}  # the kernel starts in the notebook's folder
    write(home / "path/kernels/python3/kernel.json", kernel)


def surroundings(home):
    """Keep whoever runs the tests out of it: own settings, extensions, history."""
    places = {
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_PATH": "path",
        "JUPYTER_RUNTIME_DIR": "runtime",
    }
    # JupyterLab is large: it starts in half of the time when its modules may be kept compiled.
    again = {"JUPYTER_TOKEN": TOKEN, "PYTHONDONTWRITEBYTECODE": ""}
    return {name: str(home / place) for name, place in places.items()} | again


def write(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))


def cell(page, words):
    return page.locator(".jp-CodeCell", has=page.locator(".jp-InputArea-editor", has_text=words))


def run(page, words):
    """Run the cell that holds these words, and return its output."""
    chosen = cell(page, words)
    chosen.locator(".jp-InputArea-prompt").click()
    page.keyboard.press("Control+Enter")
    return chosen.locator(".jp-Cell-outputArea")


def ran(page, words):
    """Run a cell to its end, when it gets a new number, and return its output."""
    prompt = cell(page, words).locator(".jp-InputArea-prompt")
    before = prompt.inner_text()
    output = run(page, words)
    prompt.filter(has_text=re.compile(r"\[\d+\]"), has_not_text=before).wait_for()
    return output


def idle(page):
    """Wait until the kernel has nothing to do."""
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()


def euros(text):
    return float(re.search(r"([\d.]+) EUR", text)[1])


def folded(thought):
    return thought.get_attribute("open") is None


def test_kept_outputs_are_shown_before_anything_is_run(notebook):
    """A notebook from elsewhere is not trusted: Jupyter cleans its outputs."""
    output = cell(notebook, FOLLOW_UP).locator(".jp-Cell-outputArea")
    assert "Maison Carrée" in output.inner_text()
    assert "EUR" in output.inner_text()
    thought = output.locator("details")
    assert folded(thought)
    assert "The question is about" not in output.inner_text()
    thought.locator("summary").click()
    thought.get_by_text("The question is about").wait_for()


def test_an_answer_streams_in_and_its_reasoning_folds_away(notebook, box):
    box.script([{"content": ANSWER, "reasoning": THOUGHT}])
    record(notebook, ACTIVE)
    output = run(notebook, QUESTION)
    seen = states(notebook, "That is all of it.")
    assert any("The arena is in" in text and "24,000" not in text for text in seen)
    growing = [text for text in seen if "What else" in text and "all of it." not in text]
    assert len(growing) >= 2
    assert not any("The arena is in" in text for text in growing)
    output.get_by_text(" EUR ").wait_for()
    assert euros(output.inner_text()) > 0
    assert output.locator("strong").inner_text() == "24,000 people"
    thought = output.locator("details")
    assert folded(thought)
    thought.locator("summary").click()
    thought.get_by_text("Its places are in the second").wait_for()
    ran(notebook, FOLLOW_UP)
    notebook.get_by_role("heading", name="Ask").evaluate("it => it.scrollIntoView()")
    notebook.mouse.move(600, 15)  # nothing is drawn for what lies below the mouse
    picture(notebook, FOLDER / "screenshot.png")


def test_a_bar_moves_while_bulk_work_is_done_and_becomes_a_line(notebook):
    ran(notebook, "connect()")
    assert "Passages: 109 of 109" in ran(notebook, "client.embed").inner_text()
    record(notebook, ACTIVE)
    output = run(notebook, "bulk.arun")
    notebook.wait_for_function(
        "bar => parseFloat(document.querySelector(bar)?.style.width) > 20",
        arg=f"{ACTIVE} .progress-bar",
    )
    picture(notebook, FOLDER / "progress.png")
    seen = states(notebook, "Titles: 109 of 109")
    done = [int(found[1]) for text in seen if (found := re.search(r"Titles: (\d+) of 109", text))]
    assert len({count for count in done if 0 < count < 109}) >= 2
    assert done == sorted(done)
    assert output.locator(".progress-bar").count() == 0
    assert euros(output.inner_text()) > 0


def test_the_stop_button_ends_an_answer_and_the_kernel_goes_on(notebook, box):
    box.script([{"content": "mot " * 1_000}])
    record(notebook, ACTIVE)
    output = run(notebook, QUESTION)
    states(notebook, "mot mot mot")
    notebook.get_by_role("button", name=re.compile("Interrupt")).click()
    output.get_by_text("Stopped: the turn is not added to the conversation.").wait_for()
    assert "mot mot mot" in output.inner_text()
    assert "Interrupted." in output.inner_text()
    eventually(lambda: box.requests[-1].disconnected, 30)
    assert "mot mot" not in ran(notebook, "%llmaas history").inner_text()
    assert euros(ran(notebook, FOLLOW_UP).inner_text()) > 0
