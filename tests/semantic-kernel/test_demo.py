"""``llmaas demo --framework semantic-kernel``."""

from importlib.metadata import entry_points

import pytest

from llmaas_cli.demo import QUESTIONS, DemoSettings, load_documents


@pytest.mark.parametrize(
    ("language", "words"), [("en", "finish reason is `length`"), ("fr", "0,40 EUR")]
)
def test_demo_answers_with_citations(sandbox, language, words):
    (entry,) = entry_points(group="llmaas.demos", name="semantic-kernel")
    pieces = []
    result = entry.load()(
        QUESTIONS[language],
        load_documents(language=language),
        client_settings=DemoSettings(sandbox.base_url, sandbox.api_key),
        out=pieces.append,
    )
    assert result.framework == "semantic-kernel"
    assert words in result.answer
    assert result.reasoning
    assert result.reasoning not in result.answer
    assert "".join(pieces) == result.answer
    assert len([piece for piece in pieces if piece]) > 3
    assert [source.number for source in result.sources] == [1, 2, 3, 4, 5]
    assert result.ranked_documents == 20
    assert result.embedding_tokens > 1000
    assert result.usage.completion_tokens > 0
    assert result.backend.machine_name
    asked = next(request.json for request in sandbox.requests if "chat" in request.path)
    tool = asked["tools"][0]["function"]
    assert tool["name"] == "Library-search_documents"
