"""Dumps and pickles hold neither the key nor what else authenticates; a copy keeps all of it."""

import copy
import pickle

from haystack.utils import Secret

import canary
from haystack_integrations.components.generators.llmaas import LLMaaSChatGenerator

OPTIONS = {
    "proxy": "http://jo:hunter222@127.0.0.1:9",
    "headers": {"X-Gateway-Token": "token-0123456789", "X-Team": "blue"},
}
SECRETS = ("hunter222", "token-0123456789", canary.KEY)


def made(key):
    address = "https://gw.example"
    return LLMaaSChatGenerator(
        api_key=key, model="gpt-oss:120b", api_base_url=address, http_client_kwargs=OPTIONS
    )


def test_no_secret_is_pickled_or_dumped():
    data = pickle.dumps(made(Secret.from_token(canary.KEY)))
    assert not [word for word in SECRETS if word.encode() in data]
    kept = pickle.loads(data).http_client_kwargs
    assert kept == {"proxy": "http://127.0.0.1:9", "headers": {"X-Team": "blue"}}
    dumped = made(Secret.from_env_var("LLMAAS_API_KEY")).to_dict()
    assert not [word for word in SECRETS if word in repr(dumped)]
    assert dumped["init_parameters"]["http_client_kwargs"] == kept


def test_a_copy_keeps_them():
    assert copy.deepcopy(made(Secret.from_token(canary.KEY))).http_client_kwargs == OPTIONS
