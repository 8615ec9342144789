"""The demo: both teams, their tools and the result."""

import pytest

from autogen_llmaas.demo import demo
from llmaas_cli.demo import QUESTIONS, DemoSettings, load_documents


@pytest.mark.parametrize("language", ["en", "fr"])
def test_demo_answers_with_sources(sandbox, language):
    pieces = []
    settings = DemoSettings(sandbox.base_url, sandbox.api_key)
    result = demo(
        QUESTIONS[language],
        load_documents(language=language),
        client_settings=settings,
        out=pieces.append,
    )
    assert "".join(pieces) == result.answer
    assert "[1]" in result.answer
    assert result.reasoning
    assert result.reasoning not in result.answer
    assert len(pieces) > 3
    assert [source.number for source in result.sources] == [1, 2, 3, 4, 5]
    assert result.usage.completion_tokens > 0
    assert result.embedding_tokens > 0
    assert result.ranked_documents == 20
    assert result.cost_micro_eur > 0
    chats = [r.json for r in sandbox.requests if r.path.endswith("chat/completions")]
    offered = [t["function"]["name"] for body in chats for t in body.get("tools", ())]
    assert {"search", "check_citations"} <= set(offered)
    speakers = "librarian_en", "librarian_fr"
    assert any(all(name in str(body["messages"]) for name in speakers) for body in chats)
