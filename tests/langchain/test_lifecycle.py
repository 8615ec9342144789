"""Environment, secrets and life: rows 22 to 29 of what other packages get wrong."""

import asyncio
import contextlib
import copy
import json
import pickle
import time
import warnings

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import ModelProfile
from langchain_core.load import dumpd, dumps, load
from langchain_core.messages import HumanMessage
from langchain_core.rate_limiters import InMemoryRateLimiter

import langchain_llmaas
from langchain_llmaas import ChatLLMaaS, LLMaaSEmbeddings, LLMaaSRerank
from llmaas import catalog
from tests.helpers.isolation import secret_leaks

SECRET = "sk-very-secret"
FOREIGN = {
    "OPENAI_API_KEY": "sk-foreign",
    "OPENAI_ORG_ID": "org-foreign",
    "OPENAI_PROJECT_ID": "project-foreign",
    "OPENAI_API_BASE": "http://foreign.example/v1",
    "OPENAI_BASE_URL": "http://foreign.example/v1",
    "LANGSMITH_GATEWAY": "http://foreign.example",
    "LANGSMITH_GATEWAY_API_KEY": "sk-foreign",
}


def test_openai_environment_is_ignored(chat, ask, sandbox, monkeypatch):
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    ask(chat(), "?")
    request = sandbox.requests[-1]
    assert "foreign" not in str(request.headers)
    assert request.status == 200


@pytest.mark.parametrize("kind", [ChatLLMaaS, LLMaaSEmbeddings, LLMaaSRerank])
def test_key_is_never_shown(kind):
    headers = {"x-secret": "hidden-header"}
    made = kind(model="bge-m3:567m", api_key=SECRET, default_headers=headers)
    shown = [repr(made), str(made), repr(made.client), str(dumpd(made)), str(pickle.dumps(made))]
    if kind is ChatLLMaaS:
        shown += [str(made.asdict()), str(made._identifying_params)]
    assert not [text for text in shown if SECRET in text]
    assert "hidden-header" not in "".join(shown[:4])


def test_traces_hold_neither_key_nor_headers(chat, ask):
    class Spy(BaseCallbackHandler):
        seen = ""

        def on_chat_model_start(self, *args, **kwargs):
            self.seen += f"{args}{kwargs}"

    spy = Spy()
    model = chat(api_key=secret_leaks.KEY, default_headers={"x-a": "hidden-header"})
    ask(model, "?", extra_headers={"x-b": "hidden-call"}, config={"callbacks": [spy]})
    assert "invocation_params" in spy.seen
    for secret in (secret_leaks.KEY, "hidden-header", "hidden-call"):
        assert secret not in spy.seen


def test_headers_among_the_parameters_are_sent_and_never_shown(chat, ask, sandbox):
    given = {"extra_headers": {"authorization-of-mine": "hidden-header", "x-a": "seen"}, "top_k": 3}
    model = chat(model_kwargs=given, default_headers={"x-a": "default", "x-b": "kept"})
    shown = [repr(model), dumps(model), str(model.asdict()), str(pickle.dumps(model))]
    assert "hidden-header" not in "".join(shown)
    ask(model, "?")
    request = sandbox.requests[-1]
    assert request.json["top_k"] == 3
    assert (request.headers["x-a"], request.headers["x-b"]) == ("seen", "kept")
    assert "authorization-of-mine" in request.headers
    assert given["extra_headers"]["x-a"] == "seen"


def test_model_works_in_several_event_loops(chat):
    model = chat(max_retries=0)

    async def use():
        [_ async for _ in model.astream('Say "x"')]
        return (await model.ainvoke('Say "x"')).text

    start = time.perf_counter()
    assert [asyncio.run(use()) for _ in range(3)] == ["x"] * 3
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_of_used_model_work(chat, twin):
    model = chat()
    model.invoke("?")
    asyncio.run(model.ainvoke("?"))
    again = twin(model)
    assert again.invoke('Say "x"').text == "x"
    assert asyncio.run(again.ainvoke('Say "x"')).text == "x"


def test_copy_uses_its_own_base_url(chat, sandbox):
    model = chat()
    model.invoke("?")
    moved = model.model_copy(update={"api_key": None, "default_headers": {"x-copy": "yes"}})
    moved.invoke("?")
    assert sandbox.requests[-1].headers["x-copy"] == "yes"
    assert "x-copy" not in sandbox.requests[-2].headers


def test_unpickled_model_reads_key_from_environment(sandbox, monkeypatch):
    kept = pickle.dumps(ChatLLMaaS(model="gpt-oss:120b", api_key="sk-wrong"))
    assert pickle.loads(kept).invoke('Say "x"').text == "x"  # the environment has the right one


def test_keys_may_rotate(sandbox):
    keys = iter(["sk-wrong", secret_leaks.KEY])
    model = ChatLLMaaS(model="gpt-oss:120b", api_key=lambda: next(keys), max_retries=0)
    with pytest.raises(Exception, match="401"):
        model.invoke("?")
    assert model.invoke('Say "x"').text == "x"


def test_token_counts_need_no_network():
    model = ChatLLMaaS(model="nobody-knows-it")
    assert model.get_num_tokens("four characters each") == 5
    assert model.get_num_tokens_from_messages([HumanMessage("four characters each")]) > 5
    with pytest.raises(NotImplementedError, match="tokenizer"):
        model.get_token_ids("a")
    counted = ChatLLMaaS(model="m", custom_get_token_ids=lambda text: [*map(ord, text)])
    assert counted.get_num_tokens("abc") == 3


def test_every_catalog_model_has_profile():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        models = [ChatLLMaaS(model=model.id) for model in catalog.all_models()]
    versions = models[0].metadata["lc_versions"]
    assert versions["langchain-llmaas"] == langchain_llmaas.__version__
    assert "langchain-core" in versions
    profiles = [model.profile for model in models if model.profile]
    assert len(profiles) > 20
    assert all(profile.keys() <= ModelProfile.__annotations__.keys() for profile in profiles)
    assert all("structured_output" not in profile for profile in profiles)


def test_profiles_match_catalog():
    profile = ChatLLMaaS(model="gpt-oss:120b").profile
    model = catalog.get("gpt-oss:120b")
    assert profile["max_input_tokens"] + profile["max_output_tokens"] == model.context
    assert profile["tool_calling"] is model.tools
    assert profile["image_inputs"] is model.vision
    assert profile["reasoning_output"] is model.reasoning
    assert ChatLLMaaS(model="nobody-knows-it").profile is None
    assert ChatLLMaaS(model="gpt-oss:120b", profile={"name": "mine"}).profile == {"name": "mine"}


@pytest.mark.filterwarnings("ignore:The function `load` is in beta")
def test_dump_loads_with_separate_secret():
    model = ChatLLMaaS(model="gpt-oss:120b", api_key=SECRET, temperature=0.2, stop=["a"])
    text = dumps(model)
    assert SECRET not in text
    again = load(
        json.loads(text),
        allowed_objects=[ChatLLMaaS],
        valid_namespaces=["langchain_llmaas"],
        secrets_map={"LLMAAS_API_KEY": SECRET},
    )
    assert again == model


def test_rate_limiter_is_called_once_per_request(chat, ask):
    class Counting(InMemoryRateLimiter):
        count = 0

        def acquire(self, **kwargs):
            self.count += 1
            return super().acquire(**kwargs)

        async def aacquire(self, **kwargs):
            self.count += 1
            return await super().aacquire(**kwargs)

    limiter = Counting(requests_per_second=1_000, max_bucket_size=10)
    ask(chat(rate_limiter=limiter), "?")
    assert limiter.count == 1
    cached = chat(rate_limiter=limiter, cache=InMemoryCache())
    for _ in range(2):
        cached.invoke("again")
    assert limiter.count == 2


def test_public_names_are_importable():
    assert [*langchain_llmaas.__all__] == sorted(langchain_llmaas.__all__, key=str)
    for name in langchain_llmaas.__all__:
        assert getattr(langchain_llmaas, name)
    with pytest.raises(AttributeError):
        _ = langchain_llmaas.Nothing


def test_deprecated_model_is_warned_about_with_its_successor(chat):
    from llmaas.warnings import ModelLifecycleWarning

    catalog.forget_warnings()
    old = next(m for m in catalog.all_models() if m.phase == "deprecated" and m.successor)
    with (
        pytest.warns(ModelLifecycleWarning, match=old.id) as caught,
        contextlib.suppress(Exception),
    ):
        chat(model=old.id).invoke("?")  # the sandbox has retired it too
    assert old.successor in str(caught[0].message) or "redirected" in str(caught[0].message)
