"""Durable agents of LangChain and Haystack: killed in each part of a turn, and resumed."""

import json
import runpy
from collections import Counter

import pytest
from haystack.tools.errors import ToolInvocationError

from llmaas import BudgetExceededError, Usage
from llmaas.pricing import chat_cost_micro_eur, rerank_cost_micro_eur
from llmaas.quota import Budget, SQLiteLedger
from tests.helpers.killing import kill_when, start
from tests.helpers.repository import ROOT

pytestmark = pytest.mark.filterwarnings("ignore")  # the frameworks' own
CHAT, RERANK = "/v1/chat/completions", "/v2/rerank"
USAGE = {"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100}
SLOW = {"delay": 8.0}


def search(*queries):
    calls = [{"name": "search_documents", "arguments": {"query": query}} for query in queries]
    return {"tool_calls": calls, "usage": USAGE, "path": CHAT}


FINAL = {"content": "The budget of tokens was too small.", "usage": USAGE, "path": CHAT}


@pytest.fixture(params=["langchain", "haystack"])
def script(request):
    if request.param == "langchain":
        pytest.importorskip("langgraph.checkpoint.sqlite")
    return ROOT / "cookbooks" / request.param / "durable_agent.py"


@pytest.fixture
def files(tmp_path):
    return {"store": tmp_path / "agent.sqlite", "ledger": tmp_path / "budget.sqlite"}


@pytest.fixture
def arguments(files):
    return ["Why?", "--thread=t", *(f"--{name}={path}" for name, path in files.items())]


@pytest.fixture
def kill(sandbox, script, arguments):
    """Run the program in a process of its own and kill it."""

    def kill(ready):
        kill_when(start(sandbox, script, *arguments), ready)

    return kill


@pytest.fixture
def resume(sandbox, script, arguments):
    """Run the program in this process."""

    def resume(*more):
        return runpy.run_path(str(script))["main"]([*arguments, *more])

    return resume


def sent(sandbox, path):
    """Return how often each request was sent, in the order of their first time."""
    bodies = [json.dumps(r.json, sort_keys=True) for r in sandbox.requests if r.path == path]
    return [*Counter(bodies).values()]


def pending(sandbox, path):
    """Return the requests that are received in full and not answered yet."""
    return [r for r in list(sandbox.requests) if r.path == path and r.body and not r.finished]


def spent_micro_eur(sandbox, files):
    return round(Budget(1, ledger=SQLiteLedger(files["ledger"]), account="t").spent * 1e6)


def cost_of_chats(number):
    return number * chat_cost_micro_eur(Usage(1_000, 100, 1_100))


def cost_of_search(sandbox):
    (request, *_) = [r for r in sandbox.requests if r.path == RERANK]
    return rerank_cost_micro_eur(len(request.json["documents"]))


def test_no_answer_is_paid_twice_when_killed_in_a_tool(sandbox, kill, resume, files, capsys):
    sandbox.script([search("empty"), {"path": RERANK, **SLOW}, FINAL])
    kill(lambda: pending(sandbox, RERANK))
    before = spent_micro_eur(sandbox, files)
    assert before == cost_of_chats(1)
    with pytest.raises((BudgetExceededError, ToolInvocationError), match="Nothing was sent"):
        resume(f"--eur={before / 1e6 + 0.000001}")  # what the killed process spent counts
    assert resume() == FINAL["content"]
    assert sent(sandbox, CHAT) == [1, 1]
    assert sent(sandbox, RERANK) == [2]
    expected = cost_of_chats(2) + cost_of_search(sandbox)
    assert spent_micro_eur(sandbox, files) == expected
    assert f"{expected / 1e6:.6f} EUR of 1.0 EUR" in capsys.readouterr().out


def test_only_the_lost_request_is_sent_again_when_killed_in_a_model_call(
    sandbox, kill, resume, files
):
    sandbox.script([search("empty"), {**FINAL, **SLOW}, FINAL])
    kill(lambda: pending(sandbox, CHAT) and sent(sandbox, RERANK))
    resume()
    assert sent(sandbox, CHAT) == [1, 2]
    assert sent(sandbox, RERANK) == [1]
    assert spent_micro_eur(sandbox, files) == cost_of_chats(2) + cost_of_search(sandbox)


def test_finished_tool_is_not_called_again_when_killed_twice(sandbox, script, kill, resume, files):
    """Both tools run at once. Haystack's Agent stores their results together, at the end."""
    slow, is_haystack = {"path": RERANK, **SLOW}, "haystack" in str(script)

    def one_is_stored():
        from langgraph.checkpoint.sqlite import SqliteSaver

        with SqliteSaver.from_conn_string(str(files["store"])) as saver:
            found = saver.get_tuple({"configurable": {"thread_id": "t"}})
        return any(channel == "messages" for _, channel, _ in found.pending_writes)

    sandbox.script([search("first", "second"), slow, slow, {"path": RERANK}, slow, FINAL])
    kill(lambda: len(pending(sandbox, RERANK)) == 2)
    kill(lambda: len(received(sandbox)) == 4 and (is_haystack or one_is_stored()))
    resume()
    assert sent(sandbox, CHAT) == [1, 1]
    assert len(received(sandbox)) == 5
    assert spent_micro_eur(sandbox, files) == cost_of_chats(2) + 2 * cost_of_search(sandbox)


def received(sandbox):
    return [r.json["query"] for r in list(sandbox.requests) if r.path == RERANK and r.body]


def test_finished_turn_costs_nothing_when_run_again(sandbox, resume):
    sandbox.script([search("empty"), FINAL])
    first, number = resume(), len(sandbox.requests)
    assert resume() == first
    assert len(sandbox.requests) == number
