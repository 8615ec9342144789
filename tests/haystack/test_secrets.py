"""Dumps and pickles hold neither the key nor what else authenticates; a copy keeps all of it."""

import copy
import pickle

import pytest
from haystack.utils import Secret

from haystack_integrations.components.audio.llmaas import LLMaaSTranscriber
from haystack_integrations.components.converters.llmaas import LLMaaSOCRDocumentConverter
from haystack_integrations.components.generators.llmaas import (
    LLMaaSBatchChatGenerator,
    LLMaaSChatGenerator,
)
from haystack_integrations.components.routers.llmaas import LLMaaSGuard
from tests.helpers.isolation import secret_leaks

OPTIONS = {
    "proxy": "http://jo:hunter222@127.0.0.1:9",
    "headers": {"X-Gateway-Token": "token-0123456789", "X-Team": "blue"},
}
SECRETS = ("hunter222", "token-0123456789", secret_leaks.KEY)


def made(key):
    address = "https://gw.example"
    return LLMaaSChatGenerator(
        api_key=key, model="gpt-oss:120b", api_base_url=address, http_client_kwargs=OPTIONS
    )


def test_no_secret_is_pickled_or_dumped():
    data = pickle.dumps(made(Secret.from_token(secret_leaks.KEY)))
    assert not [word for word in SECRETS if word.encode() in data]
    kept = pickle.loads(data).http_client_kwargs
    assert kept == {"proxy": "http://127.0.0.1:9", "headers": {"X-Team": "blue"}}
    dumped = made(Secret.from_env_var("LLMAAS_API_KEY")).to_dict()
    assert not [word for word in SECRETS if word in repr(dumped)]
    assert dumped["init_parameters"]["http_client_kwargs"] == kept


def test_copy_keeps_them():
    assert copy.deepcopy(made(Secret.from_token(secret_leaks.KEY))).http_client_kwargs == OPTIONS


HEADERS = {"extra_headers": {"Authorization-Of-Mine": "token-9876543210", "X-Team": "blue"}}
KWARGS = {**HEADERS, "top_k": 3}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (LLMaaSChatGenerator, "generation_kwargs"),
        (LLMaaSBatchChatGenerator, "generation_kwargs"),
        (LLMaaSGuard, "generation_kwargs"),
        (LLMaaSOCRDocumentConverter, "generation_kwargs"),
        (LLMaaSTranscriber, "transcription_kwargs"),
    ],
)
def test_headers_of_a_run_that_authenticate_are_not_kept(kind, name):
    component = kind(**{name: KWARGS})
    kept = {"extra_headers": {"X-Team": "blue"}, "top_k": 3}
    assert component.to_dict()["init_parameters"][name] == kept
    assert getattr(pickle.loads(pickle.dumps(component)), name) == kept
    assert getattr(component, name) == getattr(copy.deepcopy(component), name) == KWARGS
