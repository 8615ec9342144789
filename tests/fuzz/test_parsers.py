"""Parsers on any input: an answer or a typed error; former crashers.

``nox -s fuzz`` lets atheris look further, guided by coverage, at the same targets.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import SEEDS, TARGETS

CRASHERS = sorted((Path(__file__).parent / "crashers").glob("*/*"))
WORDS = """
id choices delta message content tool_calls function name index arguments usage error
finish_reason reasoning detail logprobs prompt_tokens completion_tokens total_tokens backend
model created done eval_count data embedding results relevance_score document text segments
b64_json url status request_counts aliases max_model_len meta billed_units machine_name type
code param
"""
NAMES = WORDS.split()

NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -1, 2**63, 1e308])
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=8) | st.sampled_from(["AAA", ""])
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=15,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where something stands in a value."""
    items: Any = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    return [path, *(p for key, inner in items for p in paths(inner, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return the value with something else in one place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(copy[path[0]], path[1:], new)
    return copy


@st.composite
def inputs(draw: Any, name: str) -> bytes:
    """Draw noise, any JSON, or a good input with one thing wrong."""
    seed = draw(st.sampled_from(SEEDS[name]))
    how = draw(st.sampled_from(["noise", "json", "spoilt", "spoilt", "cut"]))
    if how == "noise":
        return draw(st.binary(max_size=80))
    if how == "json":
        return written(draw(JSON))
    if how == "cut":
        at, more = draw(st.integers(0, len(seed))), draw(st.binary(max_size=4))
        return seed[:at] + more + seed[at + draw(st.integers(0, 4)) :]
    try:
        good = json.loads(seed)
    except ValueError:
        return seed + draw(st.binary(max_size=8))
    return written(put(good, draw(st.sampled_from(paths(good))), draw(JSON)))


def written(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize("name", TARGETS)
def test_parser_accepts_valid_input(name: str) -> None:
    for seed in SEEDS[name]:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
def test_parser_keeps_its_guarantee_on_any_input(name: str) -> None:
    @settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
    @given(inputs(name))
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()


@pytest.mark.parametrize("path", CRASHERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_parser_accepts_former_crashers(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


DEEP = [b"[" * 5000 + b"]" * 5000, b'{"a":' * 5000 + b"1" + b"}" * 5000]
DEEP += [b'{"choices": ' + DEEP[0] + b"}", b'"\\u00e9' + b"[" * 99 + b'"', b"[" * 100_000]


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("data", DEEP, ids=range(len(DEEP)))
def test_parser_accepts_deep_input(name: str, data: bytes) -> None:
    TARGETS[name](data)
