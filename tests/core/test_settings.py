"""Settings: where they come from, what they refuse, and that the key stays hidden."""

from __future__ import annotations

import ast
import asyncio
import copy
import os
import pickle
import subprocess
import sys
import time
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas import AsyncLLMaaS, LLMaaS, errors
from llmaas.settings import Settings

KEY = "sk-canary-456"


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
def test_base_url_with_or_without_v1(end: str) -> None:
    assert Settings.create(api_key=KEY, base_url=f"https://gw.example/llm{end}").base_url == (
        "https://gw.example/llm/v1"
    )


def test_the_environment_is_read_and_no_other_vendors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://other.example")
    settings = Settings.create()
    assert settings.base_url == "https://api.ai.cloud-temple.com/v1"
    assert not settings.key
    monkeypatch.setenv("LLMAAS_API_KEY", KEY)
    monkeypatch.setenv("LLMAAS_BASE_URL", "https://gw.example/v1")
    settings = Settings.create()
    assert (settings.root, settings.key.get()) == ("https://gw.example", KEY)


@pytest.mark.parametrize("url", ["api.ai.cloud-temple.com", "ftp://x", "https://", "https://x?a=1"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(llmaas.ConfigurationError):
        Settings.create(api_key=KEY, base_url=url)


@pytest.mark.parametrize("key", ["", "  ", "a\nb", "clé", "a\x00b"])
def test_keys_that_no_header_takes(key: str) -> None:
    with pytest.raises(llmaas.ConfigurationError):
        Settings.create(api_key=key)


def test_plain_http_is_warned_about_except_on_loopback() -> None:
    Settings.create(api_key=KEY, base_url="http://127.0.0.1:1/v1")
    with pytest.warns(llmaas.warnings.InsecureURLWarning):
        Settings.create(api_key=KEY, base_url="http://gw.example/v1")


def test_a_missing_key_says_what_to_do(api: Any) -> None:
    with pytest.raises(llmaas.MissingAPIKeyError, match="LLMAAS_API_KEY"):
        api(base_url="http://127.0.0.1:9").do("chat", "?", model="gpt-oss:120b")


@pytest.mark.parametrize("make", [LLMaaS, AsyncLLMaaS])
def test_the_key_is_in_no_repr_and_no_pickle(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = make(api_key=KEY, headers={"x": KEY}, proxy=f"http://u:{KEY}@p:1")
    assert KEY not in f"{client!r} {client.settings!r} {client.settings.key!r}"
    plain = make(api_key=KEY)
    assert KEY.encode() not in pickle.dumps(plain)
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-there")
    assert pickle.loads(pickle.dumps(plain)).settings.key.get() == "sk-there"
    assert copy.deepcopy(plain).settings.key.get() == KEY


def test_with_options_changes_only_what_is_named() -> None:
    client = LLMaaS(api_key=KEY, base_url="https://gw.example", timeout=3, max_retries=7)
    other = client.with_options(timeout=9, api_key="other")
    assert (other.settings.timeout.read, other.settings.retry.max_retries) == (9, 7)
    assert (other.settings.key.get(), other.settings.root) == ("other", "https://gw.example")


def test_a_key_may_rotate(sandbox: Any) -> None:
    keys = iter(["sk-wrong", sandbox.api_key])
    client = LLMaaS(api_key=lambda: next(keys))
    with pytest.raises(llmaas.AuthenticationError):
        client.models()
    assert client.models()


def test_a_key_may_be_awaited(sandbox: Any) -> None:
    async def key() -> str:
        await asyncio.sleep(0)
        return str(sandbox.api_key)

    assert asyncio.run(AsyncLLMaaS(api_key=key).models())


def test_one_async_client_in_three_event_loops_without_a_retry(sandbox: Any) -> None:
    client = AsyncLLMaaS(max_retries=0)
    for _ in range(3):
        assert asyncio.run(client.chat("Bonjour ?", model="gpt-oss:120b")).text


def test_many_threads_share_one_client(sandbox: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    client = LLMaaS(max_retries=0)
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda n: client.chat(f"Dis {n} ?", model="llama3.3:70b").text, range(64))
        )
    assert all(f"{n}" in text for n, text in enumerate(answers))


def test_a_closed_client_can_be_used_again(sandbox: Any) -> None:
    client = LLMaaS()
    client.models()
    client.close()
    client.close()
    assert client.models()


def test_importing_the_package_imports_no_sdk_and_no_http() -> None:
    code = (
        "import sys, llmaas; llmaas.LLMaaS(api_key='k'); "
        "print([m for m in ('openai', 'httpx', 'httpx2', 'aiohttp', 'pydantic', 'typer', 'rich') "
        "if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_importing_an_error_loads_few_modules() -> None:
    source = Path(llmaas.__file__).parents[1]
    code = (
        f"import sys; sys.path.insert(0, {str(source)!r}); "
        "from llmaas import ConfigurationError, LLMaaSError, StructuredOutputError; "
        "print(len(sys.modules), 'openai' in sys.modules)"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    count, has_sdk = subprocess.check_output(command, text=True).split()
    assert has_sdk == "False"
    assert int(count) <= 63


def test_class_of_a_client_loads_few_modules_when_imported() -> None:
    code = (
        "import sys; from llmaas import AsyncLLMaaS, LLMaaS; "
        "print([m for m in sys.modules if 'llmaas' in m], "
        "[m for m in ('asyncio', 'ssl') if m in sys.modules], sep='|')"
    )
    out = subprocess.check_output([sys.executable, "-c", code], text=True)
    ours, others = map(ast.literal_eval, out.split("|"))
    assert len(ours) <= 34, ours
    assert others == []


def test_errors_without_a_response_are_those_of_the_error_module() -> None:
    for name in ("LLMaaSError", "InvalidInputError", "QuotaExceededError", "StructuredOutputError"):
        kind = getattr(llmaas, name)
        assert kind is getattr(errors, name)
        assert kind.__module__ == "llmaas.errors"


def test_every_public_name_is_where_it_says() -> None:
    assert sorted(llmaas.__all__) == dir(llmaas)
    for name in llmaas.__all__:
        assert getattr(llmaas, name) is not None


def test_a_callables_key_is_checked_like_any_other(sandbox: Any, api: Any) -> None:
    with pytest.raises(llmaas.ConfigurationError) as caught:
        api(api_key=lambda: f"{KEY}\nX").do("models")
    assert KEY not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_headers_are_sent_once_whatever_their_case(sandbox: Any, api: Any) -> None:
    client = api(headers={"User-Agent": "mine", "X-Team": "a"})
    client.do("chat", "?", model="gpt-oss:120b", extra_headers={"x-team": "b"})
    sent = sandbox.requests[-1].headers
    assert (sent["user-agent"], sent["x-team"]) == ("mine", "b")


def test_a_forked_child_opens_connections_of_its_own(sandbox: Any) -> None:
    client = LLMaaS(max_retries=0)
    client.models()
    before = client._runner._transport._pool
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            client.models()
            os.write(write, b"same" if client._runner._transport._pool is before else b"own")
        finally:  # a child that fails is no second run of the tests
            os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        assert told.read() == b"own"
    assert client.models()


async def test_an_async_key_ends_at_the_deadline(sandbox: Any) -> None:
    async def key() -> str:
        await asyncio.sleep(20)
        return "k"

    began = time.monotonic()
    with pytest.raises(llmaas.DeadlineExceededError) as caught:
        await AsyncLLMaaS(api_key=key).chat("?", model="llama3.3:70b", deadline=0.3)
    assert time.monotonic() - began < 15
    assert not caught.value.reached
    assert not list(sandbox.requests)


async def test_an_async_key_that_times_out_by_itself_says_so(sandbox: Any) -> None:
    async def key() -> str:
        raise TimeoutError("the vault is away")

    with pytest.raises(TimeoutError, match="vault"):
        await AsyncLLMaaS(api_key=key).chat("?", model="llama3.3:70b", deadline=20)


TENANTS_KEY: ContextVar[str] = ContextVar("tenants_key")


def test_a_callable_is_asked_in_the_context_of_the_call(sandbox: Any, api: Any) -> None:
    client = api(api_key=lambda: TENANTS_KEY.get("nobody's"))
    token = TENANTS_KEY.set(sandbox.api_key)
    try:
        vectors = client.do("embed", ["a"] * 8, model="bge-m3:567m", batch_size=2).vectors
    finally:
        TENANTS_KEY.reset(token)
    assert len(vectors) == len([vector for vector in vectors if vector]) == 8


@pytest.mark.parametrize("value", ["a\nb: c", "\u2026", 5, None, b"bytes"], ids=repr)
def test_headers_that_http_cannot_say_are_refused(sandbox: Any, api: Any, value: Any) -> None:
    with pytest.raises(llmaas.ConfigurationError, match="x-token"):
        api(headers={"x-token": value})
    with pytest.raises(llmaas.ConfigurationError, match="x-token"):
        api().do("chat", "?", model="llama3.3:70b", extra_headers={"x-token": value})
    assert not list(sandbox.requests)


@pytest.mark.parametrize("wrong", [{"timeout": "soon"}, {"max_retries": "2"}, {"max_retries": -1}])
def test_settings_of_the_wrong_kind_are_refused(api: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(llmaas.ConfigurationError, match=next(iter(wrong))):
        api(api_key="k", **wrong)
