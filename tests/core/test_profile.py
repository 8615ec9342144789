"""Profiles: their file, and how measured facts override the packaged catalog."""

from __future__ import annotations

import json
import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas import LLMaaS
from llmaas.catalog import ModelProfile, Profile, ProfileError
from tests.helpers.servers.fake_engine import engine

HEAD: dict[str, Any] = {"measured": "2026-11-30", "address": "127.0.0.1"}
MODEL = "gpt-oss:120b"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key for engines, which take any."""
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-engine")


def profile(**facts: Any) -> Profile:
    return Profile(**HEAD, models={MODEL: ModelProfile(**facts)})


def test_profile_is_equal_when_read_again(tmp_path: Path) -> None:
    written = Profile(
        **HEAD,
        engine="vllm 0.32.0",
        rate_limit_headers=(),
        model_name_error=404,
        models={
            MODEL: ModelProfile(
                aliases=("gpt",),
                context_window=1024,
                response_formats={"json_schema": "refused"},
                conversation_rules={"alternates": True, "system": "user"},
            )
        },
    )
    written.write(tmp_path / "profile.json")
    read = Profile.read(tmp_path / "profile.json")
    assert read == written == pickle.loads(pickle.dumps(read))
    assert hash(read) == hash(written)
    assert read.rate_limit_headers == ()  # measured: there are none
    assert read.get_model("other", "gpt") == written.models[MODEL]
    assert "vllm 0.32.0 at 127.0.0.1" in repr(read)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("{", "is not JSON"),
        ([], "must contain an object, got list"),
        ({}, "'measured' is missing"),
        (
            {**HEAD, "measured": "Monday"},
            "measured must be a date such as 2026-11-30, got 'Monday'",
        ),
        ({**HEAD, "modles": {}}, "unknown key 'modles'; did you mean 'models'?"),
        ({**HEAD, "models": []}, "models must be an object, got []"),
        ({**HEAD, "models": {"m": 1}}, "models['m'] must be an object, got 1"),
        (
            {**HEAD, "models": {"m": {"context_window": True}}},
            "models['m'].context_window must be an integer >= 1, got True",
        ),
        (
            {**HEAD, "models": {"m": {"response_formats": {"json_object": "yes"}}}},
            "response_formats['json_object'] must be one of honored, ignored, refused, got 'yes'",
        ),
        (
            {**HEAD, "models": {"m": {"conversation_rules": {"short_ids": "9"}}}},
            "conversation_rules['short_ids'] must be true or false, got '9'",
        ),
        (
            {**HEAD, "models": {"m": {"conversation_rules": {"polite": True}}}},
            "conversation_rules['polite'] is unknown; known: system, tools",
        ),
        ({**HEAD, "version": 0}, "version must be an integer >= 1, got 0"),
        ({**HEAD, "model_name_error": 500}, "model_name_error must be one of 400, 404, got 500"),
    ],
)
def test_profile_error_names_file_key_and_value(tmp_path: Path, raw: Any, words: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(raw if isinstance(raw, str) else json.dumps(raw))
    with pytest.raises(ProfileError) as caught:
        LLMaaS(profile=path)
    assert words in str(caught.value)
    assert "bad.json" in str(caught.value)
    assert isinstance(caught.value, llmaas.ConfigurationError)


def test_profile_error_names_the_path_when_the_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"gone\.json' cannot be read: No such file"):
        LLMaaS(profile=tmp_path / "gone.json")
    with pytest.raises(llmaas.ConfigurationError, match="profile must be a Profile or a path, got"):
        LLMaaS(profile=3)  # type: ignore[arg-type]


def test_profile_keeps_unknown_keys_when_the_format_is_newer(tmp_path: Path) -> None:
    raw = {"version": 2, **HEAD, "colors": 3, "models": {"m": {"taste": 1, "tools": True}}}
    read = Profile.from_dict(raw)
    assert read.models["m"].tools is True
    assert read.to_dict()["colors"] == 3
    assert read.to_dict()["version"] == 2


def test_profile_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "profile.json"
    profile(context_window=4096).write(path)
    monkeypatch.setenv("LLMAAS_PROFILE", str(path))
    client = LLMaaS()
    assert client.settings.profile == profile(context_window=4096)
    assert client.settings.to_public_dict()["profile"] == str(path)
    assert LLMaaS().settings.profile is client.settings.profile  # read once
    profile(context_window=8192).write(path)
    os.utime(path, (1, 1))
    assert LLMaaS().settings.profile == profile(context_window=8192)
    given = profile(vision=True)
    assert LLMaaS(profile=given).settings.profile is given


def test_public_settings_contain_a_profile_that_has_no_file() -> None:
    public = LLMaaS(profile=profile(context_window=9)).settings.to_public_dict()
    assert LLMaaS(profile=json.loads(json.dumps(public["profile"]))).settings.profile == profile(
        context_window=9
    )


def test_profile_adds_facts_and_refuses_invalid_ones() -> None:
    changed = profile().with_facts(MODEL, tools=False).with_facts(retry_after=False)
    assert (changed.models[MODEL].tools, changed.retry_after) == (False, False)
    with pytest.raises(ProfileError, match=r"models\['gpt-oss:120b'\]\.tools must be true or"):
        changed.with_facts(MODEL, tools="no")
    with pytest.raises(TypeError):
        changed.with_facts(MODEL, tool=True)


@pytest.fixture
def ask(api: Any) -> Any:
    """Ask an engine that always answers ``ok``; return the body that it received."""

    def asked(measured: Profile | None, messages: Any = "Hi", **options: Any) -> dict[str, Any]:
        with engine(lambda _: {"content": "ok"}) as served:
            client = api(base_url=served.base_url, profile=measured)
            client.do("chat", messages, **{"model": MODEL, **options})
        return served.bodies[-1]

    return asked


def test_measured_window_and_output_limit_override_the_catalog(ask: Any) -> None:
    assert ask(profile(context_window=2048))["max_tokens"] == 1024
    assert ask(profile(max_output_tokens=4096))["max_tokens"] == 4096
    assert ask(profile(tools=True))["max_tokens"] == ask(None)["max_tokens"] == 16_384


def test_profile_knows_models_by_the_names_of_the_catalog(ask: Any) -> None:
    measured = Profile(**HEAD, models={MODEL: ModelProfile(context_window=2048)})
    assert ask(measured, model="openai/gpt-oss-120b")["max_tokens"] == 1024
    with warnings.catch_warnings(action="ignore"):
        assert ask(measured, model="gpt-oss:20b")["max_tokens"] == 1024  # redirected
    assert ask(measured, model="qwen3.6:27b")["max_tokens"] == 16_384


def test_measured_conversation_rules_override_the_familys(ask: Any) -> None:
    two = [{"role": "user", "content": "A"}, {"role": "user", "content": "B"}]
    assert len(ask(None, two)["messages"]) == 2
    measured = profile(conversation_rules={"alternates": True})
    assert len(ask(measured, two)["messages"]) == 1
    with_system = [{"role": "system", "content": "S"}, {"role": "user", "content": "A"}]
    measured = profile(conversation_rules={"system": "user"})
    assert [m["role"] for m in ask(measured, with_system)["messages"]] == ["user"]


@pytest.mark.parametrize(
    ("switch", "fields"),
    [
        ("reasoning_effort", {"reasoning_effort": "none"}),
        ("enable_thinking", {"enable_thinking": False}),
        ("chat_template_kwargs.thinking", {"chat_template_kwargs": {"thinking": False}}),
        ("never", {}),
    ],
)
def test_measured_reasoning_switch_overrides_the_familys(
    ask: Any, switch: str, fields: dict[str, Any]
) -> None:
    body = ask(profile(reasoning_switch=switch), reasoning=False)
    known = ("reasoning_effort", "enable_thinking", "chat_template_kwargs")
    assert {name: body[name] for name in known if name in body} == fields


def test_measured_efforts_add_to_the_familys(ask: Any) -> None:
    measured = profile(reasoning_efforts=("xhigh",))
    assert ask(measured, reasoning="xhigh")["reasoning_effort"] == "xhigh"
    assert ask(measured, reasoning="low")["reasoning_effort"] == "low"
    assert ask(None, reasoning="xhigh")["reasoning_effort"] == "high"
