"""Arguments that a class passes on to a client."""

from __future__ import annotations

import pytest

from llmaas.keyword_arguments import refuse_unknown


class Shop:
    pass


def test_unknown_argument_is_refused_by_the_name_of_the_class() -> None:
    refuse_unknown(Shop, ["timeout", "proxy"])
    with pytest.raises(TypeError, match=r"Shop\(\) got an unexpected keyword argument 'misspelt'"):
        refuse_unknown(Shop, ["timeout", "misspelt"])
