"""Commands that read and write files: embed, rerank, transcribe, speak, image, ocr."""

import json
from pathlib import Path

import pytest

from llmaas import catalog
from tests.helpers import corpus

KEY = "sk-sandbox"
VISION = ["-m", "gemma4:31b"]


@pytest.fixture(autouse=True)
def fresh_catalog():
    catalog.reset()
    yield
    catalog.reset()


@pytest.fixture
def llmaas(capsysbinary, monkeypatch, tmp_path, sandbox):
    import io

    from llmaas_cli.commands import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments, stdin=b""):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = 0
        try:
            main(list(map(str, arguments)))
        except SystemExit as leave:
            code = leave.code or 0
        out, err = capsysbinary.readouterr()
        assert b"Traceback" not in err
        return code, out, err.decode()

    return run


def lines(data):
    return [json.loads(line) for line in data.decode().splitlines()]


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    (folder / "a.txt").write_bytes("r\u00e9sum\u00e9".encode("latin-1"))
    (folder / "deep" / "b.md").write_text(
        "The reading room opens at nine.\n\nLockers need a coin.\n"
    )
    (folder / "c.jsonl").write_text('"one"\n{"text": "two", "id": 7}\n')
    (folder / ".hidden" / "d.txt").write_text("secret")
    (folder / "e.bin").write_bytes(b"\0")
    return folder


# --- embed and rerank --------------------------------------------------------------------


def test_embed_reads_files_and_folders(llmaas, notes, sandbox):
    code, out, _ = llmaas("embed", "notes")
    found = lines(out)
    assert code == 0
    assert [one["source"] for one in found] == [
        "notes/a.txt",
        "notes/c.jsonl:1",
        "notes/c.jsonl:2",
        "notes/deep/b.md",
    ]
    assert all(len(one["embedding"]) == 1024 for one in found)
    assert sandbox.requests[-1].json["input"][0] == "r\u00e9sum\u00e9"


def test_embed_of_lines_of_stdin(llmaas):
    _, out, _ = llmaas("embed", "--lines", stdin=b"one\n\ntwo\n")
    assert [one["source"] for one in lines(out)] == ["stdin:1", "stdin:3"]


def test_embed_writes_a_file_and_overwrites_none(llmaas, notes, tmp_path, sandbox):
    assert llmaas("embed", "-t", "a", "--out", "v.jsonl")[:2] == (0, b"")
    before = (tmp_path / "v.jsonl").read_bytes()
    count = len(list(sandbox.requests))
    code, _, err = llmaas("embed", "-t", "b", "--out", "v.jsonl")
    assert (code, (tmp_path / "v.jsonl").read_bytes()) == (2, before)
    assert "already exists. Choose another --out" in err
    assert len(list(sandbox.requests)) == count
    assert llmaas("embed", "-t", "b", "--out", "v.jsonl", "--force")[0] == 0


def test_rerank_orders_texts(llmaas, notes):
    code, out, _ = llmaas(
        "rerank", "When does the reading room open?", "notes/deep/b.md", "--lines"
    )
    assert code == 0
    assert out.decode().splitlines()[0].endswith("The reading room opens at nine.")
    assert llmaas("rerank", "q", "notes", "--top", "2")[1].count(b"\n") == 2


# --- transcribe and speak ----------------------------------------------------------------


@pytest.fixture
def talks(tmp_path):
    folder = tmp_path / "talks"
    folder.mkdir()
    for name in ("a.wav", "b.wav"):
        (folder / name).write_bytes(corpus.WAV)
    return folder


SEGMENTS = [
    {"start": 0, "end": 1.5, "text": "Hello"},
    {"start": 3661.25, "end": 3662, "text": None},
]


def test_transcribe_writes_text_and_subtitles(llmaas, talks, sandbox):
    told = {"json": {"text": "Hello", "language": "en", "segments": SEGMENTS}}
    sandbox.script([told] * 3)
    assert llmaas("transcribe", "talks/a.wav") == (0, b"Hello\n", "")
    _, srt, _ = llmaas("transcribe", "talks/a.wav", "--format", "srt")
    assert srt.startswith(b"1\n00:00:00,000 --> 00:00:01,500\nHello\n\n2\n01:01:01,250 --> ")
    _, vtt, _ = llmaas("transcribe", "talks/a.wav", "--format", "vtt")
    assert vtt.startswith(b"WEBVTT\n\n1\n00:00:00.000")


def test_transcribe_goes_on_after_a_file_that_fails(llmaas, talks):
    (talks / "a.wav").write_bytes(b"broken")
    code, out, err = llmaas("transcribe", "talks", "--json")
    first, second = lines(out)
    assert code == 1
    assert first["error"]["status_code"] == 400
    assert second["source"] == "talks/b.wav"
    assert "error: talks/a.wav: " in err


def test_live_transcription_refuses_options_that_it_would_ignore(llmaas, sandbox, tmp_path):
    for option in (["--out", "a.txt"], ["--format", "srt"], ["-l", "fr"], ["--prompt", "Ada"]):
        code, out, err = llmaas("transcribe", "--live", *option, "talks/a.wav")
        assert (code, out) == (2, b"")
        assert "not supported with --live" in err
    assert not list(sandbox.requests)


def test_a_wrong_key_ends_a_command_at_once(llmaas, talks, monkeypatch, sandbox):
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-wrong-one")
    code, _, err = llmaas("transcribe", "talks")
    assert (code, err.count("error:")) == (1, 1)


def test_speak_writes_audio(llmaas, tmp_path, sandbox):
    assert llmaas("speak", "Good", "morning", "--out", "m.wav")[0] == 0
    assert (tmp_path / "m.wav").read_bytes()[:4] == b"RIFF"
    assert sandbox.requests[-1].json["response_format"] == "wav"
    code, out, _ = llmaas("speak", "--out", "-", "--format", "wav", stdin=b"Hello")
    assert (code, out[:4]) == (0, b"RIFF")
    assert llmaas("speak", "again", "--out", "m.wav")[0] == 2


def test_audio_that_cannot_be_written_is_not_lost(llmaas, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "write_bytes", full)
    code, _, err = llmaas("speak", "Hello", "--out", "m.wav")
    assert code == 2
    kept = err.strip().rpartition("saved to ")[2]
    assert Path(kept).read_bytes()[:4] == b"RIFF"


def full(*_):
    raise OSError(28, "No space left on device")


# --- image and ocr -----------------------------------------------------------------------


def test_image_writes_files(llmaas, tmp_path):
    assert llmaas("image", "a lighthouse", "--out", "l.png", "--count", "2")[0] == 0
    for name in ("l-1.png", "l-2.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_ocr_reads_folders(llmaas, tmp_path, sandbox):
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(corpus.form())
    (folder / "b.tiff").write_bytes(corpus.IMAGES["tiff 16 bit"]())
    sandbox.script([{"content": "# a"}, {"content": "# b"}])
    code, out, _ = llmaas("ocr", "scans", *VISION)
    assert (code, out) == (0, b"==> scans/a.pdf <==\n# a\n==> scans/b.tiff <==\n# b\n")


def test_ocr_keeps_the_pages_before_a_failure(llmaas, tmp_path, sandbox):
    (tmp_path / "a.pdf").write_bytes(corpus.blank(2))
    sandbox.script([{"content": "# 1"}, {"status": 400, "json": {"error": {"message": "no"}}}])
    code, out, err = llmaas("ocr", "a.pdf", *VISION)
    assert (code, out) == (1, b"# 1\n")
    assert "error: a.pdf: 400" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["ocr", "missing.pdf"],
        ["ocr", "empty"],
        ["transcribe", "missing.wav"],
        ["embed"],
        ["embed", "-t", "  "],
        ["embed", "missing"],
        ["rerank", "q"],
        ["speak"],
        ["image"],
        ["ocr", "many.pdf", "--max-pages", "1"],
        ["embed", "-t", "a", "--out", "no/such/folder/x"],
    ],
)
def test_what_the_user_can_correct_leaves_with_2(llmaas, tmp_path, sandbox, arguments):
    (tmp_path / "empty").mkdir()
    (tmp_path / "many.pdf").write_bytes(corpus.blank(2))
    code, out, err = llmaas(*arguments)
    assert (code, out) == (1 if "many.pdf" in arguments else 2, b""), err
    assert err.startswith("error: ")
    assert not list(sandbox.requests)


@pytest.mark.parametrize("name", ["embed", "rerank", "transcribe", "speak", "image", "ocr"])
def test_help_has_an_example(llmaas, name):
    code, out, _ = llmaas(name, "--help")
    assert code == 0
    assert f"Example: llmaas {name}" in " ".join(out.decode().split())
