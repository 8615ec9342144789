"""Configuration builders for every AutoGen variant, without a framework."""

import json
import os
import stat
import subprocess
import sys

import pytest
import yaml
from autogen_core.models import ChatCompletionClient, UserMessage

from autogen_llmaas import (
    LLMaaSChatCompletionClient,
    as_yaml,
    config_list,
    embedding_component,
    entry,
    environment,
    gallery,
    llm_config,
    native_component,
    portable_component,
    write_config_list,
    write_environment,
)
from autogen_llmaas._exports import MODULE_BY_NAME
from autogen_llmaas.cli import main
from llmaas import ConfigurationError, MissingAPIKeyError, catalog

MODEL = "gpt-oss:120b"
SECRET = "sk-very-secret-1234567890"
# What pyautogen 0.2.35, pyautogen 0.9 and autogen 0.14.1 all take (tests/autogen/variants).
ACCEPTED = {
    "model",
    "api_key",
    "base_url",
    "api_type",
    "price",
    "tags",
    "max_tokens",
    "top_p",
    "default_headers",
    "extra_body",
}


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("LLMAAS_API_KEY", SECRET)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_entry():
    assert entry() == {
        "model": MODEL,
        "api_key": SECRET,
        "base_url": "https://api.ai.cloud-temple.com/v1",
        "api_type": "openai",
        "price": [0.0018, 0.008],
        "tags": ["llmaas", MODEL, "tools", "reasoning"],
        "max_tokens": 16_384,
    }


def test_entry_with_everything_holds_what_all_branches_take():
    made = entry(
        "gemma4:31b",
        base_url="http://localhost:1",
        tags=["eyes"],
        max_tokens=10,
        temperature=0.5,
        top_p=0.9,
        default_headers={"x-team": "a"},
        extra_body={"top_k": 3},
        reasoning_effort="low",
    )
    assert set(made) == ACCEPTED
    assert made["base_url"] == "http://localhost:1/v1"
    assert made["extra_body"] == {"temperature": 0.5, "reasoning_effort": "low", "top_k": 3}


@pytest.mark.parametrize("name", ["timeout", "max_retries", "stream", "seed", "organization"])
def test_option_is_rejected_when_a_variant_rejects_it(name):
    with pytest.raises(ConfigurationError, match=name):
        entry(**{name: 1})


@pytest.mark.parametrize("temperature", [-0.1, 2.5])
def test_invalid_temperature_raises_error(temperature):
    with pytest.raises(ConfigurationError, match="temperature"):
        entry(temperature=temperature)


def test_missing_key_raises_error(monkeypatch):
    monkeypatch.delenv("LLMAAS_API_KEY")
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with pytest.raises(MissingAPIKeyError):
        config_list()
    with pytest.raises(ConfigurationError):
        entry(default_headers={"Authorization": "Bearer x"}, api_key=SECRET)


def test_config_list_and_llm_config_have_entries():
    made = config_list(MODEL, "gemma4:31b", temperature=0)
    assert [e["model"] for e in made] == [MODEL, "gemma4:31b"]
    assert [e["extra_body"] for e in made] == [{"temperature": 0}] * 2
    assert llm_config() == {"config_list": config_list(), "cache_seed": None}


def test_file_is_readable_by_owner_only(tmp_path):
    os.umask(0)
    path = write_config_list(tmp_path, config_list())
    assert path == tmp_path / "OAI_CONFIG_LIST"
    assert json.loads(path.read_text()) == config_list()
    assert mode(path) == 0o600
    path.chmod(0o644)
    write_config_list(path, config_list("gemma4:31b"))
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_environment_variables_hold_the_entries(tmp_path):
    entries = config_list(extra_body={"note": "l'été"})
    variables = environment(entries)
    assert variables["LLMAAS_API_KEY"] == SECRET
    assert json.loads(variables["OAI_CONFIG_LIST"]) == entries
    path = write_environment(tmp_path / ".env", entries)
    assert mode(path) == 0o600
    script = f'. {path}; printf %s "$OAI_CONFIG_LIST"'
    read = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(read.stdout) == entries


async def test_native_component_loads(sandbox):
    component = native_component(MODEL, temperature=0.1, reasoning_effort="low")
    client = ChatCompletionClient.load_component(component)
    assert isinstance(client, LLMaaSChatCompletionClient)
    answer = await client.create([UserMessage(content='Say "Oui"', source="u")])
    assert answer.content == "Oui"
    assert list(sandbox.requests)[-1].json["reasoning_effort"] == "low"
    provider = client.dump_component().provider
    assert provider == component["provider"]


def test_no_component_holds_a_key():
    made = [native_component(MODEL), portable_component(MODEL), gallery(), gallery(portable=True)]
    assert SECRET not in json.dumps(made)
    assert portable_component(MODEL, api_key=SECRET)["config"]["api_key"] == SECRET


@pytest.mark.filterwarnings("ignore:Resolved model mismatch")  # the service names the root
async def test_portable_component_loads_into_the_stock_client(sandbox):
    pytest.importorskip(
        "autogen_ext.models.openai",
        reason="autogen-ext[openai], the stock client, is not installed",
        exc_type=ImportError,
    )
    component = portable_component(MODEL, api_key=sandbox.api_key, temperature=0.1)
    client = ChatCompletionClient.load_component(component)
    assert type(client).__name__ == "OpenAIChatCompletionClient"
    answer = await client.create([UserMessage(content='Say "Oui"', source="user")])
    assert answer.content == "Oui"
    assert list(sandbox.requests)[-1].json["max_tokens"] == 16_384
    await client.close()


UNPORTABLE = {
    "reasoning_effort": "high",
    "api_key_env": "TEAM_KEY",
    "ca_bundle": "/etc/ssl/own.pem",
    "deadline": 60.0,
    "rate_limit_timeout": 5.0,
    "send_reasoning": False,
}


@pytest.mark.parametrize("name", UNPORTABLE)
def test_portable_component_refuses_what_it_cannot_hold(name):
    with pytest.raises(ConfigurationError, match=name):
        portable_component(MODEL, **{name: UNPORTABLE[name]})


def test_yaml_round_trips():
    for component in (native_component(MODEL), portable_component(MODEL), embedding_component()):
        assert yaml.safe_load(as_yaml(component)) == component


def test_gallery_lists_offered_models():
    made = gallery()
    labels = [component["label"] for component in made["components"]["models"]]
    assert {MODEL, "gemma4:31b"} <= set(labels)
    assert all(catalog.get(label).live for label in labels)
    assert not {"bge-m3:567m", "voxtral"} & set(labels)
    for component in made["components"]["models"]:
        assert isinstance(
            ChatCompletionClient.load_component(component), LLMaaSChatCompletionClient
        )


def test_builders_do_not_import_a_framework():
    code = (
        "import sys\n"
        "from autogen_llmaas import config_list, native_component, gallery, as_yaml\n"
        "from autogen_llmaas import write_config_list, LLMaaSClientConfig, LLMaaSClient\n"
        "config_list(), native_component('gpt-oss:120b'), gallery()\n"
        "print([m for m in sys.modules if m.partition('.')[0] in ('autogen_core', 'autogen',"
        " 'ag2', 'autogen_agentchat', 'openai')])"
    )
    completed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert completed.stdout.strip() == "[]"


def test_command_masks_the_key_by_default(capsys):
    assert main(["config-list", "-m", MODEL, "-m", "gemma4:31b"]) == 0
    assert [e["api_key"] for e in json.loads(capsys.readouterr().out)] == ["***", "***"]
    main(["config-list", "--show-key"])
    assert json.loads(capsys.readouterr().out) == config_list()


def test_command_writes_files(capsys, tmp_path):
    for command in ("config-list", "env", "component", "gallery"):
        path = tmp_path / command
        assert main([command, "-o", str(path)]) == 0
        assert capsys.readouterr().out.strip() == str(path)
        assert mode(path) == 0o600
        assert (SECRET in path.read_text()) == (command in ("config-list", "env"))


def test_command_prints_components(capsys):
    main(["component", "--yaml", "--base-url", "http://localhost:1/v1"])
    assert yaml.safe_load(capsys.readouterr().out)["config"]["base_url"] == "http://localhost:1/v1"
    main(["component", "--portable", "-m", MODEL, "-m", "gemma4:31b"])
    assert len(json.loads(capsys.readouterr().out)) == 2
    main(["component", "--yaml", "-m", MODEL, "-m", "gemma4:31b"])
    assert [c["label"] for c in yaml.safe_load(capsys.readouterr().out)] == [MODEL, "gemma4:31b"]
    main(["gallery", "-m", MODEL])
    assert len(json.loads(capsys.readouterr().out)["components"]["models"]) == 1


def test_command_fails_when_arguments_are_invalid(capsys, monkeypatch):
    monkeypatch.delenv("LLMAAS_API_KEY")
    assert main(["config-list"]) == 2
    assert "LLMAAS_API_KEY" in capsys.readouterr().err


def test_command_fails_when_the_file_is_not_writable(capsys, tmp_path):
    assert main(["component", "-o", str(tmp_path / "no" / "such" / "folder")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_file_of_variables_keeps_those_of_others(tmp_path):
    path = tmp_path / ".env"
    path.write_text("# mine\nDATABASE=x\nexport LLMAAS_API_KEY=old\n")
    for _ in range(2):
        write_environment(path, config_list())
    lines = path.read_text().splitlines()
    assert lines[:2] == ["# mine", "DATABASE=x"]
    assert [line.partition("=")[0] for line in lines[2:]] == list(environment(config_list()))


def test_shells_and_dotenv_read_the_same_list(tmp_path):
    dotenv = pytest.importorskip("dotenv", reason="python-dotenv is not installed")
    odd = config_list(extra_body={"note": 'l\'été \\ "${HOME}" \n'}, tags=["d'été"])
    path = write_environment(tmp_path / "list.env", odd)
    assert json.loads(dotenv.dotenv_values(path)["OAI_CONFIG_LIST"]) == odd
    script = f'. {path}; printf %s "$OAI_CONFIG_LIST"'
    completed = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(completed.stdout) == odd


def test_module_is_executable():
    run = [sys.executable, "-m", "autogen_llmaas", "component"]
    completed = subprocess.run(run, capture_output=True, text=True, check=True)
    assert json.loads(completed.stdout)["component_type"] == "model"


def test_import_adds_little_to_the_framework():
    code = (
        "import sys\n"
        "from autogen_llmaas import LLMaaSChatCompletionClient, LLMaaSMemory\n"
        "LLMaaSChatCompletionClient('gpt-oss:120b'), LLMaaSMemory()\n"
        "print([m for m in sys.modules if m in ('openai', 'aiohttp', 'httpx', 'httpx2')])"
    )
    completed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert completed.stdout.strip() == "[]"


def test_no_public_name_is_hidden_by_the_module_that_holds_it():
    code = "from autogen_llmaas import entry, config_list; print(config_list()[0]['model'])"
    completed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert completed.stdout.strip() == MODEL
    assert not set(MODULE_BY_NAME) & set(MODULE_BY_NAME.values())


async def test_logprobs_and_n_are_settings_of_the_client(sandbox):
    client = LLMaaSChatCompletionClient(MODEL, logprobs=True, top_logprobs=2, n=1)
    again = LLMaaSChatCompletionClient.load_component(client.dump_component())
    await again.create([UserMessage(content="a", source="u")])
    sent = list(sandbox.requests)[-1].json
    assert (sent["logprobs"], sent["top_logprobs"], sent["n"]) == (True, 2, 1)


def test_proxy_is_kept_without_its_password():
    client = LLMaaSChatCompletionClient(MODEL, proxy="http://me:secret@127.0.0.1:3128")
    dump = client.dump_component().model_dump_json()
    assert "127.0.0.1:3128" in dump
    assert "secret" not in dump
