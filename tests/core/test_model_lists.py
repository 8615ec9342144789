"""Listing models: a deadline of its own, and a catalog without it."""

import time

import pytest

from llmaas import LLMaaS, catalog
from llmaas.errors import AuthenticationError, DeadlineExceededError
from llmaas.warnings import StaleCatalogWarning

SLOW = {"x-sandbox-fault": "slow-headers:30"}


@pytest.fixture(autouse=True)
def fresh_catalog():
    catalog.reset()
    yield
    catalog.reset()


def test_listing_has_a_deadline_of_its_own(api, sandbox, monkeypatch):
    monkeypatch.setattr("llmaas.ops.json_request.LIST_SECONDS", 0.3)
    start = time.monotonic()
    with pytest.raises(DeadlineExceededError):
        api(headers=SLOW).do("models")
    assert time.monotonic() - start < 10


def test_listing_takes_a_deadline(api, sandbox):
    with pytest.raises(DeadlineExceededError):
        api(headers=SLOW).do("models", deadline=0.2)


@pytest.mark.parametrize("fault", ["slow-headers:30", "status:503"])
def test_refresh_keeps_the_catalog_when_no_list_comes(sandbox, monkeypatch, fault):
    monkeypatch.setattr("llmaas.ops.json_request.LIST_SECONDS", 0.3)
    with (
        LLMaaS(headers={"x-sandbox-fault": fault}, max_retries=0) as client,
        pytest.warns(StaleCatalogWarning, match="catalog of 2026"),
    ):
        assert catalog.refresh(client) is False
    assert catalog.get("gpt-oss:120b")


def test_refresh_raises_for_a_refused_key(sandbox):
    with LLMaaS(api_key="sk-wrong-one") as client, pytest.raises(AuthenticationError):
        catalog.refresh(client)
