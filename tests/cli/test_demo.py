"""The demo over the real sandbox, through the entry point that users get."""

import pytest

from llmaas import types
from llmaas.errors import ConfigurationError, NotFoundError
from llmaas_cli.demo import DemoResult, DemoSettings, frameworks, load_documents, open_endpoint, run


@pytest.fixture
def settings(sandbox):
    return DemoSettings(sandbox.base_url, sandbox.api_key)


def test_the_core_answers_cites_and_counts(sandbox, settings):
    pieces = []
    result = run(
        frameworks()["core"],
        "Combien coûte le classement de mille questions sur cent documents chacune ?",
        load_documents(),
        settings=settings,
        out=pieces.append,
    )
    assert "0,40 EUR" in result.answer
    assert "".join(pieces) == result.answer
    assert "[1]" in result.answer
    assert result.reasoning
    assert result.reasoning not in result.answer
    assert result.sources[0].passage.document == "llmaas-service.fr.md"
    assert [s.number for s in result.sources] == [1, 2, 3, 4, 5]
    assert result.ranked_documents == 20
    assert result.embedding_tokens > 20_000
    assert result.usage.prompt_tokens > 0
    assert result.backend.machine_name
    assert 0 < result.seconds_to_first_text <= result.seconds
    paths = [request.path for request in sandbox.requests]
    assert paths[-2:] == ["/v2/rerank", "/v1/chat/completions"]
    assert set(paths[:-2]) == {"/v1/embeddings"}


def test_costs_and_energy_come_from_the_counts():
    result = DemoResult(
        "x",
        "answer",
        usage=types.Usage(1_000, 500, 1_500, 100),
        embedding_tokens=10_000,
        ranked_documents=20,
    )
    assert result.costs == {"embed": 18_000, "rerank": 80, "chat": 1_800 + 4_000}
    assert result.cost_micro_eur == 23_880
    assert result.energy_kwh == pytest.approx(500e-6 * 2.37 + 10_000e-6 * 0.36)
    assert result.as_dict()["cost_eur"] == 0.02388


def test_a_result_without_usage_costs_nothing_for_chat():
    assert DemoResult("x", "answer").costs == {"embed": 0, "rerank": 0, "chat": 0}


def test_errors_of_a_demo_come_out(settings):
    with pytest.raises(NotFoundError):
        run(
            frameworks()["core"],
            "?",
            load_documents(),
            settings=DemoSettings(settings.base_url, settings.api_key, embedding_model="nobody"),
            out=print,
        )


def test_the_key_is_in_no_repr(settings):
    assert "sk-sandbox" not in repr(settings)
    with open_endpoint() as where:
        assert "sk-sandbox" not in repr(where)


def test_without_a_key_a_sandbox_answers():
    with open_endpoint() as where:
        assert where.is_sandbox
        assert where.base_url.startswith("http://127.0.0.1:")


def test_the_sandbox_may_be_told_more():
    with open_endpoint(api_keys=("sk-sandbox-other",)) as where:
        assert where.api_key == "sk-sandbox-other"


def test_with_a_key_the_service_answers(monkeypatch):
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-test")
    with open_endpoint() as where:
        assert not where.is_sandbox
        assert where.base_url == "https://api.ai.cloud-temple.com/v1"
    with open_endpoint(sandbox=True) as where:
        assert where.is_sandbox


def test_a_missing_sandbox_is_explained(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "llmaas_sandbox", None)
    with (
        pytest.raises(ConfigurationError, match=r"pip install 'llmaas-cli\[sandbox\]'"),
        open_endpoint(),
    ):
        pass
