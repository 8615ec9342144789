"""Cassette files: round trips, and no execution of their content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.cassettes.format import Header, YAMLSerializer

TEXT = st.text(max_size=20) | st.text("\n\r\t \x85\u2028\x07é🌞'\":-#|>", max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
BODIES = (
    st.binary(max_size=30) | TEXT.map(str.encode) | VALUES.map(lambda v: json.dumps(v).encode())
)


def exchange(sent: bytes, got: bytes) -> dict[str, Any]:
    return {
        "request": {"method": "POST", "uri": "https://x.example/v1/y", "body": sent, "headers": {}},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["text/plain"]},
            "body": {"string": got},
        },
    }


def meant(body: bytes) -> Any:
    """Return what a body says: JSON may be written in another way."""
    try:
        return json.loads(body)
    except ValueError:
        return body


@given(BODIES, BODIES)
def test_cassette_round_trips(sent: bytes, got: bytes) -> None:
    form = YAMLSerializer(Header("sandbox"))
    text = form.serialize({"interactions": [exchange(sent, got)]})
    [again] = form.deserialize(text)["interactions"]
    assert meant(again["request"]["body"]) == meant(sent)
    assert meant(again["response"]["body"]["string"]) == meant(got)
    assert form.serialize({"interactions": [again]}) == text


@pytest.mark.parametrize("tag", ["apply:os.system", "new:pathlib.Path", "name:os.system"])
def test_cassette_rejects_executable_tags(tmp_path: Path, tag: str) -> None:
    text = f"exchanges:\n- !!python/object/{tag} [touch {tmp_path / 'ran'}]\n"
    with pytest.raises(yaml.YAMLError):
        YAMLSerializer(Header("sandbox")).deserialize(text)
    assert not (tmp_path / "ran").exists()
