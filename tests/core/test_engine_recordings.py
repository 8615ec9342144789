"""Responses of real engines, byte for byte: the core reads from each what the engine meant."""

import asyncio
import json
from dataclasses import dataclass

import pytest

from llmaas import AsyncLLMaaS, LLMaaS
from llmaas.errors import APIError, APIStatusError
from tests.helpers.cassettes.engine_recordings import load, replaying

RECORDINGS = load()
CHATS = [each for each in RECORDINGS if each.is_chat and each.is_whole]
BROKEN = [each for each in CHATS if b'data: {"error"' in each.content]
ANSWERS = [each for each in CHATS if each.status == 200 and each not in BROKEN]
REFUSALS = [each for each in CHATS if each.status >= 400]
PASSED = ("tools", "n", "max_tokens", "chat_template_kwargs", "reasoning_effort", "logprobs")
"""Options of the recorded request that decide how an answer is read."""
CLOSING_TAG = "</think>"

by_name = pytest.mark.parametrize("world", [LLMaaS, AsyncLLMaaS], ids=["threads", "asyncio"])


@pytest.fixture(scope="module")
def engine():
    with replaying(RECORDINGS) as url:
        yield url


@dataclass
class Expected:
    """What an engine's own JSON says of one choice, read without the client."""

    content: str = ""
    reasoning: str = ""
    calls: dict = None
    finish_reason: str | None = None

    def add(self, choice):
        message = choice.get("delta") or choice.get("message") or {}
        self.content += message.get("content") or ""
        self.reasoning += message.get("reasoning") or ""
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        for position, call in enumerate(message.get("tool_calls") or ()):
            known = self.calls.setdefault(call.get("index", position), ["", ""])
            known[0] += call["function"].get("name") or ""
            known[1] += call["function"].get("arguments") or ""


def expected(recording):
    bodies = recording.events if recording.is_stream else [json.loads(recording.content)]
    choices = {}
    for body in bodies:
        for choice in body["choices"]:
            choices.setdefault(choice["index"], Expected(calls={})).add(choice)
    usage = [body["usage"] for body in bodies if body.get("usage")]
    return [choices[index] for index in sorted(choices)], usage[-1] if usage else None


def ask(url, recording, world):
    client = world(base_url=f"{url}/{recording.name}/v1", api_key="sk-test", max_retries=0)
    options = {name: recording.request[name] for name in PASSED if name in recording.request}
    for name in ("n", "max_tokens"):
        if not (type(options.get(name)) is int and options[name] > 0):
            options.pop(name, None)  # the client refuses to send it
    told = {
        "messages": "Weather in Paris?",
        "model": recording.request.get("model", "x"),
        **options,
    }
    if world is LLMaaS:
        with client:
            return (
                client.stream(**told).until_done() if recording.is_stream else client.chat(**told)
            )
    return asyncio.run(ask_async(client, recording.is_stream, told))


async def ask_async(client, is_stream, told):
    async with client:
        if is_stream:
            return await (await client.stream(**told)).until_done()
        return await client.chat(**told)


def is_as_written(call, name, arguments):
    """Whether a call is the engine's; one that is cut lacks its closing bracket, if it had one."""
    written = arguments.strip() or "{}"
    if call.cut:
        with pytest.raises(ValueError):  # noqa: PT011 - no caller may take it for whole
            json.loads(call.arguments)
        return call.name == name and written.startswith(call.arguments.strip())
    return (call.name, call.arguments) == (name, written)


def words(choice):
    """Return all that a choice says, whatever part of it is taken for reasoning."""
    said = (choice.reasoning or "") + (choice.content or "")
    return "".join(said.replace(CLOSING_TAG, "").split())


@by_name
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("recording", ANSWERS, ids=lambda each: each.name)
def test_answer_is_read_as_the_engine_wrote_it(engine, recording, world):
    completion = ask(engine, recording, world)
    choices, usage = expected(recording)
    for choice, meant in zip(completion.choices, choices, strict=True):
        assert choice.finish_reason == meant.finish_reason
        assert words(choice) == words(meant)
        if CLOSING_TAG not in meant.content:  # else it may end a thought that began in the prompt
            assert (choice.content or "") == meant.content
            assert (choice.reasoning or "") == meant.reasoning
        for call, (name, arguments) in zip(choice.tool_calls, meant.calls.values(), strict=True):
            assert is_as_written(call, name, arguments)
    assert (completion.usage and completion.usage.total_tokens) == (usage and usage["total_tokens"])


@by_name
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("recording", REFUSALS, ids=lambda each: each.name)
def test_refusal_is_an_error_with_the_status_of_the_engine(engine, recording, world):
    with pytest.raises(APIStatusError) as caught:
        ask(engine, recording, world)
    assert caught.value.status_code == recording.status
    assert len(str(caught.value)) < 5000


@by_name
def test_engine_that_dies_in_a_stream_is_an_error_with_what_came(engine, world):
    [recording] = [each for each in BROKEN if each.is_stream]
    with pytest.raises(APIError, match="EngineCore") as caught:
        ask(engine, recording, world)
    assert caught.value.completion.text.startswith(" minute without")


def test_most_recordings_are_played():
    assert len(ANSWERS) > 100
    assert len(REFUSALS) > 50
