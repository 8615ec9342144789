import subprocess
import sys
from datetime import date

import pytest

from llmaas import catalog
from llmaas.types import LiveModel


@pytest.fixture(autouse=True)
def fresh_catalogue():
    catalog.reset()
    catalog.forget_warnings()
    yield
    catalog.reset()
    catalog.forget_warnings()


def test_the_facts_of_a_model():
    model = catalog.get("gpt-oss:120b")
    assert model is not None
    assert (model.publisher, model.category, model.lts) == ("OpenAI", "chat", True)
    assert (model.tools, model.vision, model.reasoning) == (True, False, True)
    assert model.released == date(2025, 11, 11)
    assert model.end_of_support == date(2027, 12, 30)
    assert (model.context_tokens, model.live_context_tokens, model.context) == (
        120_000,
        131_072,
        131_072,
    )


def test_every_documented_and_every_listed_model_is_there():
    models = catalog.all_models()
    assert len(models) == len({model.id for model in models}) == 112
    assert sum(model.live for model in models) == 43
    assert sum(model.phase == "production" for model in models) == 58
    assert sum(model.phase == "deprecated" for model in models) == 42


def test_the_facts_name_their_dates_and_sources():
    about = catalog.about()
    assert about["documented_on"] == "2026-08-20"
    assert about["observed_at"].startswith("2026-09-30")
    assert "documentation" in about
    assert "live_list" in about


@pytest.mark.parametrize(
    ("name", "served_by", "redirected"),
    [
        ("gpt-oss:120b", "gpt-oss:120b", None),
        ("openai/gpt-oss-120b", "gpt-oss:120b", None),
        ("tts-4", "kokoro", None),
        ("qwen3.8:27b", "Qwen/Qwen3.8-27B-FP8", None),
        ("gpt-oss:20b", "gpt-oss:120b", "gpt-oss:120b"),
        ("qwen3:0.6b", "qwen3.6:35b", "qwen3.6:35b"),
        ("qwen3.5:27b", "qwen3.6:27b", "qwen3.6:27b"),
        ("granite3-guardian:2b", "granite4.1-guardian:8b", "granite4.1-guardian:8b"),
        # also listed as aliases of another model: their own entry wins
        ("granite3-guardian:8b", "granite3-guardian:8b", None),
        ("qwen3.5:9b", "qwen3.5:9b", None),
        # documented but neither listed nor redirected: itself
        ("qwen3-2507:235b", "qwen3-2507:235b", None),
    ],
)
def test_who_answers_to_a_name(name, served_by, redirected):
    found = catalog.resolve(name)
    assert found.model is not None
    assert (found.model.id, found.redirected_to, found.requested) == (served_by, redirected, name)


def test_an_unknown_name_resolves_to_nothing():
    assert catalog.get("nobody:1b") is None
    assert catalog.resolve("nobody:1b").model is None


def test_a_redirected_name_keeps_its_own_facts():
    assert catalog.get("qwen3:0.6b").context_tokens == 40_000
    assert catalog.get("qwen3.5:27b").id == "qwen3.6:27b"  # it has no card of its own


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("gpt-oss:120b", 16_384),
        ("granite-embedding:278m", 256),
        ("bge-m3:567m", 4_096),
        ("qwen3:0.6b", 16_384),  # the context of the model that serves it
        ("nobody:1b", 16_384),
    ],
)
def test_the_default_output_is_at_most_half_the_context(name, tokens):
    assert catalog.max_output_default(name) == tokens


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gpt-oss:20b", "redirected to 'gpt-oss:120b', which changes context"),
        ("qwen3:0.6b", "vision (gained), reasoning (gained), context (40,000 to 1,048,576"),
        ("qwen3-coder:30b", "deprecated and redirected to 'qwen3.6:35b'"),
        ("granite3.1-moe:2b", "deprecated (support ended on 2026-03-30); its successor is"),
        ("olmo-3:7b", "not in the service's list of 2026-09-30"),
        ("nobody:1b", "unknown to the catalog of 2026-09-30"),
    ],
)
def test_a_name_with_a_story_warns(name, says):
    with pytest.warns(catalog.lifecycle.ModelLifecycleWarning) as caught:
        catalog.warn_once(name)
    assert len(caught) == 1
    assert says in str(caught[0].message)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", ["gpt-oss:120b", "openai/gpt-oss-120b", "sandbox/chatty"])
def test_a_name_without_a_story_is_silent(name):
    assert catalog.lifecycle_note(name, on=date(2026, 10, 1)) is None


def test_a_passed_end_of_support_is_told_from_the_next_day_on():
    assert catalog.lifecycle_note("gpt-oss:120b", on=date(2027, 12, 30)) is None
    note = catalog.lifecycle_note("gpt-oss:120b", on=date(2027, 12, 31))
    assert note == "support of model 'gpt-oss:120b' ended on 2027-12-30"


def test_the_same_name_warns_once():
    with pytest.warns(catalog.lifecycle.ModelLifecycleWarning):
        catalog.warn_once("gpt-oss:20b")
    catalog.warn_once("gpt-oss:20b")  # an error if it warned: warnings are errors here


class ListOf:
    def __init__(self, *entries):
        self.entries = list(entries)

    def models(self):
        return self.entries


def test_a_live_list_replaces_what_is_served():
    entry = LiveModel("gpt-oss:120b", "openai/gpt-oss-120b", ("gpt-oss:120b",), 65_536)
    catalog.refresh(ListOf(entry))
    assert [model.id for model in catalog.filter(live=True)] == ["gpt-oss:120b"]
    assert catalog.get("gpt-oss:120b").context == 65_536
    assert catalog.get("gpt-oss:120b").publisher == "OpenAI"
    assert catalog.resolve("openai/gpt-oss-120b").model.id == "gpt-oss:120b"
    # not redirected any more, and not served either
    assert catalog.resolve("gpt-oss:20b").redirected_to is None
    assert "not in the service's list" in catalog.lifecycle_note("gpt-oss:20b")


def test_a_live_list_brings_new_models_and_new_redirects():
    catalog.refresh(
        ListOf(
            LiveModel("new:9b", "vendor/New-9B", ("new:9b", "new", "gpt-oss:120b"), 32_768),
            LiveModel("llama3.3:70b", "llama3.3:70b", ("llama3.3:70b", "new:9b")),
        )
    )
    assert catalog.resolve("gpt-oss:120b").redirected_to == "new:9b"
    assert catalog.resolve("new").model.id == "new:9b"
    assert catalog.resolve("vendor/New-9B").redirected_to is None
    assert catalog.resolve("new:9b").redirected_to is None  # an exact id comes first
    assert catalog.get("new:9b").phase == "undocumented"


def test_refreshing_twice_keeps_known_redirects_as_redirects():
    listed = LiveModel("qwen3.6:27b", "Q", ("Q", "qwen3.5:27b", "cogito:32b"))
    for _ in range(2):
        catalog.refresh(ListOf(listed))
        assert catalog.resolve("qwen3.5:27b").redirected_to == "qwen3.6:27b"
        assert catalog.resolve("Q").redirected_to is None


def test_importing_the_catalog_reads_no_file():
    code = (
        "import sys, llmaas.catalog\n"
        "from llmaas.catalog.loader import load_packaged\n"
        "assert 'openai' not in sys.modules\n"
        "assert load_packaged.cache_info().currsize == 0\n"
        "llmaas.catalog.get('gpt-oss:120b')\n"
        "assert load_packaged.cache_info().currsize == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
