"""What people upload to the Streamlit app: the same files that stand behind OCR and chats."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.helpers import corpus

FOLDER = Path(__file__).parents[2] / "cookbooks" / "streamlit"


@pytest.fixture(scope="module")
def knowledge() -> ModuleType:
    spec = importlib.util.spec_from_file_location("knowledge", FOLDER / "knowledge.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["form.pdf", "form"])
def test_upload_holds_the_values_of_a_form(name: str, knowledge: ModuleType) -> None:
    assert "FR76 3000" in knowledge.read(name, corpus.form()).text


@pytest.mark.parametrize(("encoding", "text"), corpus.TEXTS.items())
def test_upload_is_decoded_as_what_it_is(encoding: str, text: str, knowledge: ModuleType) -> None:
    assert text in knowledge.read("note.txt", text.encode(encoding)).text


def test_ligatures_are_found_when_letters_are_searched(knowledge: ModuleType) -> None:
    assert "office" in knowledge.read("note.md", "The o\ufb03ce opens.".encode()).text


@pytest.mark.parametrize("data", [corpus.blank(1), b"%PDF-1.4 broken", corpus.blank(501)])
def test_upload_without_readable_text_is_refused(data: bytes, knowledge: ModuleType) -> None:
    with pytest.raises(knowledge.UnreadableError):
        knowledge.read("scan.pdf", data)
