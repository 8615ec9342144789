"""Results of commands with many inputs: text or JSON lines, to stdout or a file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import typer

from llmaas.text import visible, well_formed
from llmaas_cli.terminal.output import is_interactive, print_json, say, stderr

T = TypeVar("T")


class Results:
    """Writes each result as soon as it is there; a failed input is reported and does not stop."""

    def __init__(self, file: IO[str] | None, *, as_json: bool, many: bool) -> None:
        self._file, self._as_json, self._many = file, as_json, many
        self.failed = self.done = self.micro_eur = 0

    def add(self, source: str, text: str, facts: dict[str, Any], micro_eur: int | None = 0) -> None:
        """Write a result, as its text or as JSON."""
        self.done += 1
        self.micro_eur += micro_eur or 0
        if self._as_json:
            self._put_json({"source": source, **facts})
        elif self._many:
            self._put(f"==> {source} <==\n{text}\n")
        else:
            self._put(text)

    def fail(self, source: str, error: Exception) -> None:
        """Report an input that failed; errors that others would meet as well are raised."""
        from llmaas_cli.format import one_line
        from llmaas_cli.terminal.failures import error_fields, is_general

        if is_general(error):
            raise error
        self.failed += 1
        if self._as_json:
            self._put_json({"source": source, "error": error_fields(error, one_line(error))})
        say(f"error: {source}: {one_line(error)}", "bold red")

    def end(self) -> None:
        """Say what it cost, and leave with 1 where something failed."""
        from llmaas.pricing import format_eur

        if is_interactive(stderr=True):
            failed = f", {self.failed} failed" if self.failed else ""
            say(f"{self.done} done{failed} · {format_eur(self.micro_eur)}", "dim")
        if self.failed:
            raise typer.Exit(1)

    def _put(self, text: str) -> None:
        if self._file is not None:
            self._file.write(well_formed(text).rstrip("\n") + "\n")
            self._file.flush()
        else:
            print(visible(text).rstrip("\n"))

    def _put_json(self, value: dict[str, Any]) -> None:
        if self._file is None:
            print_json(value, lines=True)
            return
        self._file.write(well_formed(json.dumps(value, ensure_ascii=False, default=str)) + "\n")
        self._file.flush()


@contextmanager
def results(out: Path | None, *, as_json: bool, many: bool, force: bool) -> Iterator[Results]:
    """Yield what takes results. ``out`` is opened first: nothing is paid for that has no place."""
    if out is None:
        made = Results(None, as_json=as_json, many=many)
        yield made
    else:
        with open_new(out, force=force) as file:
            made = Results(file, as_json=as_json, many=many)
            yield made
    made.end()


def open_new(out: Path, *, force: bool) -> IO[str]:
    """Open a file for text that does not exist yet, or is to be overwritten."""
    return open(new_file(out, force=force), "w", encoding="utf-8", newline="\n")


def new_file(out: Path, *, force: bool) -> Path:
    """Return a path that may be written; raise ``ValueError`` for a file that would be lost."""
    if out.exists() and not force and out.stat().st_size:
        raise ValueError(f"{out} already exists. Choose another --out, or add --force.")
    if not os.access(out if out.exists() else out.absolute().parent, os.W_OK):
        raise PermissionError(13, "The file cannot be written", str(out))
    return out


def write_bytes(data: bytes, out: Path) -> None:
    """Write a file, or stdout for ``-``; what a full disk refuses is kept elsewhere."""
    if str(out) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        import tempfile

        with tempfile.NamedTemporaryFile(suffix=out.suffix, delete=False) as kept:
            kept.write(data)
        say(f"error: {out} cannot be written ({error.strerror}); kept in {kept.name}", "bold red")
        raise typer.Exit(2) from None


def progress(items: Iterable[T], total: int, label: Callable[[T], str]) -> Iterator[T]:
    """Yield items, with a bar on stderr that names the current one; a single one has none."""
    if total < 2 or not is_interactive(stderr=True):
        yield from items
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.text import Text

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=stderr(), transient=True) as bar:
        task = bar.add_task("", total=total)
        for item in items:
            bar.update(task, description=Text(visible(label(item))).plain)
            yield item
            bar.advance(task)
