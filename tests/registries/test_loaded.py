"""Rows, loaded and used by the packages that registries belong to; `nox -s registries`."""

import json
import os
import shutil
import subprocess
from datetime import date

import pytest
import yaml

from tools.registries.__main__ import rows
from tools.registries.facts import BASE_URL, Facts

DAY = date(2026, 11, 30)
RATE = 1.25
FILES = dict(rows(Facts(DAY, RATE)))
CHAT = "gpt-oss:120b"
QUESTION = [{"role": "user", "content": "Name three cheeses."}]
COST = (1.8 * 3 + 8.0 * 5) * RATE / 1e6
"""USD for 3 input and 5 output tokens."""


@pytest.fixture
def folder(tmp_path):
    """All rows, as files."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def litellm(monkeypatch):
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # downloads nothing
    litellm = pytest.importorskip("litellm")
    openai_like = pytest.importorskip("litellm.llms.openai_like.json_loader")
    [(name, data)] = json.loads(FILES["litellm/providers.json"]).items()
    config = openai_like.SimpleProviderConfig(name, data)
    monkeypatch.setitem(openai_like.JSONProviderRegistry._providers, name, config)
    monkeypatch.setattr(litellm, "model_cost", dict(litellm.model_cost))
    litellm.register_model(json.loads(FILES["litellm/model_prices.json"]))
    return litellm


@pytest.mark.filterwarnings("ignore")
def test_litellm_answers_with_the_row(litellm, sandbox):
    answer = litellm.completion(f"llmaas/{CHAT}", QUESTION, max_tokens=50)
    assert answer.choices[0].message.content
    assert sandbox.requests[-1].path == "/v1/chat/completions"


def test_litellm_knows_prices_and_capabilities(litellm):
    cost = litellm.cost_per_token(f"llmaas/{CHAT}", prompt_tokens=3, completion_tokens=5)
    assert sum(cost) == pytest.approx(COST)
    assert litellm.supports_function_calling(f"llmaas/{CHAT}")
    assert litellm.supports_vision("llmaas/gemma4:31b")
    assert litellm.get_max_tokens(f"llmaas/{CHAT}") > 100_000


@pytest.fixture
def any_llm(monkeypatch):
    registry = pytest.importorskip("any_llm.providers.registry")
    text = FILES["any-llm/registry_row.py"]
    [(name, row)] = eval(f"{{{text}}}", {**vars(registry)}).items()
    monkeypatch.setitem(registry.PROVIDER_REGISTRY, name, row)
    return pytest.importorskip("any_llm")


def test_any_llm_answers_with_the_row(any_llm, sandbox):
    client = any_llm.AnyLLM.create("llmaas")
    answer = client.completion(model=CHAT, messages=QUESTION, max_tokens=50)
    assert answer.choices[0].message.content
    embedded = any_llm.AnyLLM.create("llmaas")._embedding("bge-m3:567m", ["Paris"])
    assert embedded.data[0].embedding


def test_genai_prices_computes_a_cost(folder):
    genai_prices = pytest.importorskip("genai_prices")
    types, snapshot = genai_prices.types, pytest.importorskip("genai_prices.data_snapshot")
    data = yaml.safe_load((folder / "genai-prices/providers/llmaas.yml").read_text())
    providers = types._providers_from_raw([data])  # private: how the package reads its own data
    prices = snapshot.DataSnapshot(providers=providers, from_auto_update=False)
    usage = {"prompt_tokens": 3, "completion_tokens": 5}
    answer = {"model": CHAT, "usage": usage}
    found = prices.extract_usage(answer, provider_api_url=BASE_URL, api_flavor="chat")
    cost = prices.calc(found.usage, CHAT, None, BASE_URL, None)
    assert float(cost.total_price) == pytest.approx(COST)


def test_autogen_studio_loads_the_gallery():
    datamodel = pytest.importorskip("autogenstudio.datamodel.types")
    models = pytest.importorskip("autogen_core.models")
    config = datamodel.GalleryConfig.model_validate_json(FILES["autogen-studio/gallery.json"])
    assert len(config.components.models) > 5
    os.environ.setdefault("LLMAAS_API_KEY", "sk-test")
    for component in config.components.models:
        assert models.ChatCompletionClient.load_component(component)


def test_aider_loads_its_files(folder, monkeypatch):
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    models = pytest.importorskip("aider.models")
    monkeypatch.setattr(models, "MODEL_SETTINGS", list(models.MODEL_SETTINGS))
    place = folder / "aider"
    assert models.register_models([place / ".aider.model.settings.yml"])
    assert models.register_litellm_models([place / ".aider.model.metadata.json"])
    model = models.Model("openai/qwen3.6:35b")
    assert model.edit_format == "diff"
    assert model.info["max_input_tokens"] > 100_000
    assert model.extra_params["max_tokens"] == 16_384


def node(folder, script):
    """Run a script of Node, if its packages are installed where NODE_PATH points."""
    if not (shutil.which("node") and os.environ.get("NODE_PATH")):
        pytest.skip("Node's packages are not installed: run `nox -s registries`")
    command = ["node", "--input-type=commonjs", "--eval", script]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_continue_accepts_its_configuration(folder):
    script = """
        import(require.resolve("@continuedev/config-yaml")).then(({ configYamlSchema }) => {
            const yaml = require("yaml");
            const text = require("fs").readFileSync("continue/config.yaml", "utf8");
            const parsed = configYamlSchema.strict().parse(yaml.parse(text));
            console.log(parsed.models.length);
        }).catch((error) => { console.error(error); process.exit(1); });
    """
    assert int(node(folder, script)) > 10


def test_opencode_lists_the_models(folder):
    program = shutil.which("opencode")
    if program is None:
        pytest.skip("opencode is not installed: run `nox -s registries`")
    environment = {**os.environ, "HOME": str(folder), "OPENCODE_DISABLE_MODELS_FETCH": "1"}
    command = [program, "models", "llmaas"]
    done = subprocess.run(
        command,
        cwd=folder / "opencode",
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert f"llmaas/{CHAT}" in done.stdout, done.stderr
