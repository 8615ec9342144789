"""Rows for registries: facts and prices are those of the catalog, and pages run as they stand."""

import json
import re
import tomllib
from datetime import date

import pytest
import yaml

from llmaas import catalog
from llmaas.pricing import unit_prices_eur
from llmaas.settings import KEY_VARIABLE, Settings
from tests.helpers import snippets
from tools.registries.__main__ import rows
from tools.registries.facts import BASE_URL, Facts

DAY = date(2026, 11, 30)
RATE = 1.25
PLAIN, PRICED = dict(rows(Facts(DAY))), dict(rows(Facts(DAY, RATE)))
MODELS_DEV = "models.dev/providers/llmaas/models/"
MODELS_DEV_FIELDS = {
    "name": str,
    "attachment": bool,
    "reasoning": bool,
    "tool_call": bool,
    "temperature": bool,
    "release_date": str,
    "last_updated": str,
    "open_weights": bool,
    "limit": dict,
    "modalities": dict,
}


@pytest.fixture(autouse=True)
def packaged_catalog():
    """Use the packaged catalog: another test may have refreshed it."""
    catalog.reset()


def models_dev(files):
    found = {path: text for path, text in files.items() if path.startswith(MODELS_DEV)}
    return {
        path.removeprefix(MODELS_DEV).removesuffix(".toml"): tomllib.loads(text)
        for path, text in found.items()
    }


def test_rows_are_the_same_in_every_run():
    assert dict(rows(Facts(DAY))) == PLAIN


def test_rows_have_no_price_without_an_exchange_rate():
    data = [text for path, text in PLAIN.items() if not path.endswith((".md", ".mdx"))]
    assert not re.search(r"cost|mtok", "".join(data))
    assert "genai-prices/providers/llmaas.yml" in set(PRICED) - set(PLAIN)


def test_rows_name_supported_models_of_the_catalog_only():
    names = set(models_dev(PLAIN))
    assert {"gpt-oss:120b", "qwen3.6:35b"} <= names
    for name in names:
        model = catalog.get(name)
        assert model is not None
        assert model.live
        assert model.supported_on(DAY)


def test_models_dev_row_has_the_fields_of_the_schema():
    provider = tomllib.loads(PLAIN["models.dev/providers/llmaas/provider.toml"])
    assert provider["api"] == BASE_URL
    assert provider["env"] == [KEY_VARIABLE]
    for row in models_dev(PLAIN).values():
        assert {key: type(value) for key, value in row.items()} == MODELS_DEV_FIELDS
        assert set(row["limit"]) == {"context", "output"}
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", row["release_date"])


def test_prices_are_those_of_the_catalog_in_usd():
    litellm = json.loads(PRICED["litellm/model_prices.json"])
    prices = yaml.safe_load(PRICED["genai-prices/providers/llmaas.yml"])["models"]
    by_name = {model["id"]: model["prices"] for model in prices}
    for name, row in models_dev(PRICED).items():
        eur = unit_prices_eur(catalog.get(name).category, DAY)
        wanted = [eur["million_tokens_in"] * RATE, eur["million_tokens_out"] * RATE]
        assert list(row["cost"].values()) == pytest.approx(wanted)
        assert list(by_name[name].values()) == pytest.approx(wanted)
        per_token = litellm[f"llmaas/{name}"]
        found = [per_token["input_cost_per_token"], per_token["output_cost_per_token"]]
        assert [price * 1e6 for price in found] == pytest.approx(wanted)


def test_rows_have_the_address_of_the_client():
    assert Settings.create(base_url=BASE_URL, api_key="sk").base_url.rstrip("/") in BASE_URL
    addresses = set(re.findall(r"https://api\.[\w.-]+/v1", "".join(PRICED.values())))
    assert addresses == {BASE_URL}


@pytest.mark.parametrize("path", [path for path in PLAIN if path.endswith((".md", ".mdx"))])
def test_page_runs_as_it_stands(path, tmp_path, sandbox):
    page = tmp_path / "page.md"
    page.write_text(PLAIN[path])
    assert "{{" not in PLAIN[path]
    assert snippets.run(page) >= 2
