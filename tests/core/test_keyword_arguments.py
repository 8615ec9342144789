"""Arguments that a class passes on to a client."""

from __future__ import annotations

import pytest

from llmaas import AsyncLLMaaS, LLMaaS
from llmaas._keyword_arguments import reject_unknown_arguments


class Shop:
    pass


def test_unknown_argument_is_refused_by_the_name_of_the_class() -> None:
    reject_unknown_arguments(Shop, ["timeout", "proxy"])
    with pytest.raises(TypeError, match=r"Shop\(\) got an unexpected keyword argument 'misspelt'"):
        reject_unknown_arguments(Shop, ["timeout", "misspelt"])


def test_client_is_named_when_an_argument_is_unknown() -> None:
    for made in (LLMaaS, AsyncLLMaaS):
        with pytest.raises(TypeError, match=rf"^{made.__name__}\(\) got .*'misspelt'"):
            made(misspelt=1)  # type: ignore[call-arg]


def test_other_arguments_are_accepted_when_a_class_names_them() -> None:
    reject_unknown_arguments(Shop, ["shelves"], {"shelves"})
    with pytest.raises(TypeError, match="timeout"):
        reject_unknown_arguments(Shop, ["timeout"], {"shelves"})
