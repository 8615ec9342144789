"""Arguments that a class passes on to a client."""

from __future__ import annotations

import pytest

from llmaas._keyword_arguments import reject_unknown_arguments


class Shop:
    pass


def test_unknown_argument_is_refused_by_the_name_of_the_class() -> None:
    reject_unknown_arguments(Shop, ["timeout", "proxy"])
    with pytest.raises(TypeError, match=r"Shop\(\) got an unexpected keyword argument 'misspelt'"):
        reject_unknown_arguments(Shop, ["timeout", "misspelt"])
