"""Keys in logs at level DEBUG, for the core and every adapter.

``tests/helpers/isolation/secret_leaks.py`` looks at each record and fails the test.
"""

import logging
import pickle
import warnings

import pytest

from tests.helpers.contract.driver import Harness, drivers
from tests.helpers.isolation import secret_leaks

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # frameworks' own, when they are imported first
    CASES = [
        pytest.param(driver, mode, id=f"{driver.name}-{mode}")
        for driver in drivers()
        if driver.ours
        for mode in driver.modes
    ]


@pytest.fixture
def loud():
    """Every logger there is writes everything; afterwards as before.

    But for httpcore, whose trace of the wire holds the headers of answers as they came.
    """
    names = [None, *logging.root.manager.loggerDict, "llmaas", "openai", "aiohttp", "httpx"]
    before = {name: logging.getLogger(name).level for name in [*names, "httpcore", "httpcore2"]}
    for name in before:
        quiet = str(name).startswith("httpcore")
        logging.getLogger(name).setLevel(logging.WARNING if quiet else logging.DEBUG)
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("driver", "mode"), CASES)
async def test_logs_contain_no_key(sandbox, loud, caplog, driver, mode):
    harness = Harness(driver, sandbox, mode)
    client = harness.connect()
    assert (await harness.ask(client, text='Say "Oui"')).text == "Oui"
    headers = {"x-request-id": f"for {secret_leaks.KEY}"}
    said = {
        "message": f"Incorrect key: {secret_leaks.KEY}",
        "seen": [{"authorization": secret_leaks.KEY}],
    }
    for status in (401, 500):
        sandbox.script([{"status": status, "json": {"error": said}, "headers": headers}])
        await harness.expect_error(client)
    sandbox.script([{"sse": [{"error": said}]}] if mode.stream else [{"json": {"error": said}}])
    await harness.expect_error(client)
    sandbox.script([{"status": 307, "headers": {"location": "http://127.0.0.1:9/v1"}, "body": ""}])
    await harness.expect_error(client)
    print(repr(client), str(client), pickle.dumps(client))  # the watch reads along


@pytest.mark.parametrize("sync", [True, False], ids=["sync", "async"])
async def test_logs_of_client_openai_contain_no_key(sandbox, loud, caplog, sync):
    import openai

    from llmaas import AsyncLLMaaS, LLMaaS

    said = {"model": "gpt-oss:120b", "messages": [{"role": "user", "content": "?"}]}
    if sync:
        with LLMaaS() as client:
            assert client.openai.chat.completions.create(**said)
            sandbox.script([{"status": 401, "json": {"error": {"message": "no"}}}])
            try:  # by hand: the SDK's own errors hold the request, and so do their pickles
                client.openai.chat.completions.create(**said)
            except openai.AuthenticationError as error:
                told = f"{error!r} {error} {vars(error)}"
            assert secret_leaks.find_leak(told) is None
    else:
        async with AsyncLLMaaS() as client:
            assert await client.openai.chat.completions.create(**said)
    assert caplog.records


def test_loggers_are_at_debug(loud):
    assert logging.getLogger("openai.anything").isEnabledFor(logging.DEBUG)
