"""Inputs of a command: files, folders, arguments and standard input."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmaas.text import from_argument, read_text
from llmaas_cli.terminal import stdin

TEXTS = (".txt", ".md", ".rst", ".csv", ".json", ".html", ".log")
AUDIO = (".mp3", ".wav", ".m4a", ".flac", ".ogg", ".opus", ".webm", ".aac", ".aiff", ".amr", ".mp4")
PAGES = (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif")


@dataclass(frozen=True, slots=True)
class Text:
    """Text with its source."""

    source: str
    text: str


def find_files(paths: Sequence[Path], suffixes: tuple[str, ...]) -> list[Path]:
    """List files. Files in folders are found by suffix; hidden ones are skipped.

    Raises ``FileNotFoundError`` for a path that does not exist, ``ValueError`` for an empty folder.
    """
    found = [file for path in paths for file in _expand(path, suffixes)]
    if not found:
        raise ValueError("No input files. Pass files or folders.")
    return found


def read_texts(paths: Sequence[Path], given: Sequence[str], *, lines: bool) -> list[Text]:
    """Read the texts of options, files and folders, else of standard input.

    With ``lines``, each line is a text. Lines of ``.jsonl`` files are strings or objects with
    ``text``. Raises ``ValueError`` if there is no text.
    """
    found = [Text(f"text {n}", from_argument(text)) for n, text in enumerate(given, 1)]
    for file in find_files(paths, (*TEXTS, ".jsonl")) if paths else ():
        found += _parse_file(file, lines)
    if not paths and not given:
        if stdin.is_terminal() or stdin.is_closed():
            raise ValueError("No input text. Pass --text, files, or standard input.")
        found += _split_lines("stdin", stdin.read(), lines)
    kept = [text for text in found if text.text.strip()]
    if not kept:
        raise ValueError("No input text: all inputs are empty.")
    return kept


def read_argument(words: list[str] | None) -> str:
    """Read a text from arguments and standard input. Raises ``ValueError`` if it is empty."""
    text, reads_stdin = stdin.parse_words(words)
    if reads_stdin or (not text and not stdin.is_terminal()):
        text = "\n\n".join(part for part in (text, stdin.read().strip()) if part)
    if not text.strip():
        raise ValueError("The text is empty. Pass it as an argument or on standard input.")
    return text


def _expand(path: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    if str(path) == "-" or path.is_file():
        yield path
    elif path.is_dir():
        inside = (p for p in sorted(path.rglob("*")) if p.suffix.lower() in suffixes)
        found = [p for p in inside if p.is_file() and not _is_hidden(p.relative_to(path))]
        if not found:
            raise ValueError(f"{path} contains no file with the suffix {', '.join(suffixes)}")
        yield from found
    elif path.exists():
        raise ValueError(f"{path} is not a regular file")
    else:
        raise FileNotFoundError(2, "No such file or folder", str(path))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _parse_file(file: Path, lines: bool) -> Iterator[Text]:
    text = stdin.read() if str(file) == "-" else read_text(file)
    if file.suffix.lower() == ".jsonl":
        yield from _parse_jsonl(file, text)
    else:
        yield from _split_lines(str(file), text, lines)


def _split_lines(source: str, text: str, lines: bool) -> Iterator[Text]:
    if not lines:
        yield Text(source, text)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield Text(f"{source}:{number}", line)


def _parse_jsonl(file: Path, text: str) -> Iterator[Text]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{file}:{number} is not JSON: {error}") from None
        found = value.get("text") if isinstance(value, dict) else value
        if not isinstance(found, str):
            raise ValueError(f"{file}:{number} must be a string or an object with `text`.")
        yield Text(f"{file}:{number}", found)
