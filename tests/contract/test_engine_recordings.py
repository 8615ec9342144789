"""Responses of real engines, read by every adapter like by the core."""

import warnings

import pytest

from llmaas import LLMaaS
from tests.helpers.cassettes.engine_recordings import load, replaying
from tests.helpers.contract.driver import ClientOptions, Harness, drivers

OPTIONS = ("max_tokens", "chat_template_kwargs", "reasoning_effort")
CHATS = [
    each
    for each in load()
    if each.is_chat and each.is_whole and each.status == 200 and each.request.get("n", 1) == 1
    # whose tools frameworks refuse: one without parameters, and one whose schema is not valid
    if not each.name.endswith(("tool-no-parameters", "tool-bad-schema"))
]


def described(tool):
    """Return a tool with the description that some frameworks need."""
    return {**tool, "function": {"description": "A tool.", **tool["function"]}}


TOOLS = {each.name: [described(tool) for tool in each.request.get("tools", ())] for each in CHATS}

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # frameworks' own, when they are imported first
    CASES = [
        pytest.param(driver, mode, id=f"{driver.name}-{mode}")
        for driver in drivers()
        if driver.ours and driver.name != "core"
        for mode in driver.modes
    ]


@pytest.fixture(scope="module")
def engine():
    with replaying(CHATS) as url:
        yield url


@pytest.fixture(scope="module")
def readings(engine):
    """What the core reads in each recording, or its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {each.name: read(f"{engine}/{each.name}/v1", each) for each in CHATS}


def read(url, recording):
    options = {name: recording.request[name] for name in OPTIONS if name in recording.request}
    options |= {"messages": "Bonjour", "model": "tiny", "tools": TOOLS[recording.name]}
    with LLMaaS(base_url=url, api_key="sk-test", max_retries=0) as client:
        try:
            if recording.is_stream:
                return client.stream(**options).until_done()
            return client.chat(**options)
        except Exception as error:
            return type(error).__name__


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("driver", "mode"), CASES)
async def test_adapter_agrees_with_the_core(engine, readings, driver, mode):
    wrong = {}
    for recording in CHATS:
        if recording.is_stream == mode.stream and not isinstance(readings[recording.name], str):
            came = await ask(engine, recording, driver, mode)
            meant = told(readings[recording.name])
            if not agree(came, meant):
                wrong[recording.name] = f"{came} instead of {meant}"
    assert not wrong


async def ask(engine, recording, driver, mode):
    address = ClientOptions(f"{engine}/{recording.name}/v1", "sk-test", model="tiny")
    options = {name: recording.request[name] for name in OPTIONS if name in recording.request}
    try:
        answer = await Harness(driver, None, mode, address).ask(
            tools=TOOLS[recording.name], options=options
        )
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return compared(answer.text, answer.reasoning, answer.calls, answer.tokens)


def told(completion):
    calls = [(call.name, call.parsed()) for call in completion.tool_calls if is_valid(call)]
    tokens = completion.usage and completion.usage.total_tokens
    return compared(completion.text, completion.reasoning, calls, tokens)


def compared(text, reasoning, calls, tokens):
    """Return an answer without what frameworks cannot tell: white space around, unknown usage."""
    return text.strip(), (reasoning or "").strip(), list(calls), tokens or 0


def agree(came, meant):
    """Whether two readings are the same; AutoGen tells text beside calls as thought, too."""
    text, reasoning, *rest = came
    one_field = text == reasoning and {text} <= set(meant[:2])
    return came == meant or (one_field and rest == list(meant[2:]))


def is_valid(call):
    """Whether an agent may run a call: it was not cut, and its arguments are an object."""
    try:
        return not getattr(call, "cut", False) and call.parsed() is not None
    except ValueError:
        return False


def test_most_recordings_are_parsed(readings):
    assert len([each for each in readings.values() if not isinstance(each, str)]) > 95
