"""Model names that editors complete."""

from llmaas import model_names
from tools.model_names import ALIASES, MODULE, names, render


def test_model_names_match_the_catalog():
    assert MODULE.read_text() == render(), "run `python -m tools.model_names`"


def test_model_names_are_strings_at_run_time():
    assert {getattr(model_names, alias) for alias in [*ALIASES, "ModelName"]} == {str}


def test_model_names_have_one_kind():
    every = [name for kind in ALIASES.values() for name in names(kind)]
    assert sorted(every) == sorted(set(every))
