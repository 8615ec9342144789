"""Where commands connect to: key and address, an address alone, or nothing."""

import json

import pytest

from llmaas_cli.commands import main
from llmaas_cli.endpoint import NO_KEY, open_endpoint
from llmaas_cli.jupyter import connection
from llmaas_sandbox import Sandbox

VARIABLES = ("LLMAAS_BASE_URL", "LLMAAS_API_URL")


@pytest.fixture(scope="module")
def engine():
    """A server that requires no key of its own: it accepts what commands send without one."""
    with Sandbox(api_keys=(NO_KEY,)) as box:
        yield box


@pytest.fixture(params=[*VARIABLES, "--base-url"])
def address(request, engine, monkeypatch):
    """Give the engine's address by a variable or an option, and no key."""
    engine.reset()
    if request.param in VARIABLES:
        monkeypatch.setenv(request.param, engine.base_url)
        return ()
    return ("--base-url", engine.base_url)


COMMANDS = {
    "chat": ("chat", "Say hello."),
    "models": ("models", "--live"),
    "embed": ("embed", "-t", "coffee"),
    "rerank": ("rerank", "coffee", "-t", "tea"),
    "doctor": ("doctor",),
    "probe": ("probe", "--only", "answer", "-m", "mistral-small4:119b"),
    "demo": ("demo", "--framework", "core"),
}


def run(*arguments):
    with pytest.raises(SystemExit) as leave:
        main([*arguments])
    return leave.value.code or 0


@pytest.mark.parametrize("name", COMMANDS)
def test_command_uses_an_address_that_is_given_without_a_key(name, engine, address, capsys):
    assert run(*COMMANDS[name], *address) == 0
    shown = capsys.readouterr()
    assert engine.requests
    assert "embedded sandbox" not in shown.out + shown.err
    assert NO_KEY not in shown.out + shown.err


@pytest.mark.parametrize("value", ["", " "])
def test_sandbox_answers_when_neither_key_nor_address_is_set(monkeypatch, value):
    monkeypatch.setenv("LLMAAS_API_KEY", value)
    monkeypatch.setenv("LLMAAS_BASE_URL", value.strip())
    with open_endpoint() as endpoint:
        assert endpoint.is_sandbox


def test_service_needs_a_key_when_its_own_address_is_given(capsys, monkeypatch):
    monkeypatch.setenv("LLMAAS_BASE_URL", "https://api.ai.cloud-temple.com")
    with open_endpoint() as endpoint:
        assert (endpoint.is_sandbox, endpoint.api_key) == (False, "")
    assert run("chat", "Hello") == 2
    assert "LLMAAS_API_KEY is not set" in capsys.readouterr().err


def test_error_says_that_no_key_is_set_when_the_address_requires_one(sandbox, capsys, monkeypatch):
    monkeypatch.delenv("LLMAAS_API_KEY")
    assert run("chat", "Hello") == 1
    assert "LLMAAS_API_KEY is not set" in capsys.readouterr().err


def test_doctor_says_that_no_key_is_required(engine, address, capsys):
    assert run("doctor", "--json", *address) == 0
    checks = {each["name"]: each for each in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["key"]["status"] == "ok"
    assert checks["key"]["detail"].startswith("none is set, and none is required")


def test_option_sandbox_wins_over_a_given_address(engine, monkeypatch, capsys):
    engine.reset()
    monkeypatch.setenv("LLMAAS_BASE_URL", engine.base_url)
    assert run("chat", "--sandbox", "Say hello.") == 0
    assert not engine.requests


def test_notebook_uses_an_address_that_is_given_without_a_key(engine, monkeypatch, capsys):
    monkeypatch.setenv("LLMAAS_BASE_URL", engine.base_url)
    monkeypatch.setenv("LLMAAS_API_KEY", "")  # undone after the test
    endpoint = connection.connect()
    assert (endpoint.is_sandbox, endpoint.base_url) == (False, engine.base_url)
    from llmaas import LLMaaS

    with LLMaaS() as client:
        assert client.models()
