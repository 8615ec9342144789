import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmaas_cli.demo import Document, build_messages, load_documents, split
from llmaas_cli.demo.documents import parse
from llmaas_cli.demo.passages import PASSAGE_CHARACTERS


def test_the_packaged_documents_are_real_and_licensed():
    documents = load_documents()
    assert len(documents) == 7
    assert {d.language for d in documents} == {"fr", "en"}
    for document in documents:
        assert document.license in {"CC-BY-SA-3.0", "MIT", "Apache-2.0"}
        assert document.copyright
        assert document.source
        assert document.title != document.name
        assert len(document.text) > 5_000
        assert not document.text.startswith("---")


def test_documents_in_one_language():
    assert {d.language for d in load_documents(language="fr")} == {"fr"}


def test_the_notice_of_the_mit_document_is_kept_in_the_file_but_not_read():
    [guide] = [d for d in load_documents() if d.license == "MIT"]
    assert "Permission is hereby granted" not in guide.text


def test_a_folder_of_ones_own(tmp_path):
    (tmp_path / "notes.txt").write_text("Un.\n\nDeux.")
    (tmp_path / "image.png").write_bytes(b"\x89")
    [document] = load_documents(tmp_path)
    assert (document.name, document.title, document.text) == (
        "notes.txt",
        "notes",
        "Un.\n\nDeux.\n",
    )


def test_a_folder_without_documents_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No \.md, \.txt or \.pdf document"):
        load_documents(tmp_path)
    with pytest.raises(FileNotFoundError, match="is not a folder"):
        load_documents(tmp_path / "missing")


TEXT = """---
title: A title: with a colon
language: en
---

# One

First paragraph.

## One point one

Second paragraph.
Same paragraph.

```
# no heading

still code
```

# Two

Last.
"""


def test_passages_know_heading_and_paragraphs():
    found = split([parse("a.md", TEXT)])
    assert [(p.heading, p.first, p.last) for p in found] == [
        ("One", 1, 1),
        ("One > One point one", 2, 3),
        ("Two", 4, 4),
    ]
    assert found[0].title == "A title: with a colon"
    assert found[1].text.endswith("```\n# no heading\n\nstill code\n```")
    assert [p.place for p in found][:2] == ["One, ¶ 1", "One > One point one, ¶ 2-3"]


def test_no_passage_is_too_long_and_nothing_is_lost():
    for document in load_documents():
        found = split([document])
        assert max(len(p.text) for p in found) <= PASSAGE_CHARACTERS
        headless = "\n".join(
            block for block in document.text.split("\n\n") if not block.startswith("#")
        )
        kept = "".join("".join(p.text.split()) for p in found)
        assert len(kept) >= len("".join(headless.split())) * 0.98


@given(st.text("ab .\n#`", max_size=400), st.integers(5, 60))
@example("   ````", 5)
def test_any_text_is_cut_within_the_size(text, size):
    found = split([Document("x", "x", text)], size)
    assert all(0 < len(p.text) <= size for p in found)
    assert [p.first for p in found] == sorted(p.first for p in found)


def test_the_prompt_numbers_the_passages():
    found = split([parse("a.md", TEXT)])
    system, user = build_messages("Why?", found)
    assert "numbered passages" in system["content"]
    assert "[3] A title: with a colon - Two\n\nLast." in user["content"]
    assert user["content"].endswith("Question: Why?")


def test_the_converter_keeps_text_and_drops_navigation(tmp_path):
    from pathlib import Path

    script = Path(__file__).parents[2] / "packages/cli/tools/html_to_markdown.py"
    (tmp_path / "n.txt").write_text("notice")
    (tmp_path / "p.html").write_text(
        "<html><head><title>x</title></head><body><ul class='docnav'><li>Next</li></ul>"
        "<h2>Head</h2><p>Some <code>code</code><br/> here.</p>"
        "<ul><li><p>item</p></li></ul><pre>a\n  b</pre></body></html>"
    )
    import sys

    made = subprocess.run(
        [sys.executable, script, tmp_path / "n.txt", tmp_path / "p.html"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert made == "notice\n\n## Head\n\nSome `code` here.\n\n- item\n\n```\na\n  b\n```\n"
