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
from llmaas_cli.terminal.output import is_interactive, print_json, print_status, stderr

T = TypeVar("T")


class ResultWriter:
    """Writer of results. A failed input is reported and does not stop the command."""

    def __init__(self, file: IO[str] | None, *, as_json: bool, has_many: bool) -> None:
        self._file, self._as_json, self._many = file, as_json, has_many
        self.failed = self.done = self.micro_eur = 0

    def add(self, source: str, text: str, facts: dict[str, Any], micro_eur: int | None = 0) -> None:
        """Write a result as text or JSON."""
        self.done += 1
        self.micro_eur += micro_eur or 0
        if self._as_json:
            self._write_json({"source": source, **facts})
        elif self._many:
            self._write(f"==> {source} <==\n{text}\n")
        else:
            self._write(text)

    def fail(self, source: str, error: Exception) -> None:
        """Report a failed input. Raises errors that affect all inputs."""
        from llmaas_cli.format import describe_error
        from llmaas_cli.terminal.failures import affects_all_inputs, error_fields

        if affects_all_inputs(error):
            raise error
        self.failed += 1
        if self._as_json:
            self._write_json(
                {"source": source, "error": error_fields(error, describe_error(error))}
            )
        print_status(f"error: {source}: {describe_error(error)}", "bold red")

    def finish(self) -> None:
        """Print the cost. Raises ``typer.Exit`` with code 1 if an input failed."""
        from llmaas.pricing import format_eur

        if is_interactive(stderr=True):
            failed = f", {self.failed} failed" if self.failed else ""
            print_status(f"{self.done} done{failed} · {format_eur(self.micro_eur)}", "dim")
        if self.failed:
            raise typer.Exit(1)

    def _write(self, text: str) -> None:
        if self._file is not None:
            self._file.write(well_formed(text).rstrip("\n") + "\n")
            self._file.flush()
        else:
            print(visible(text).rstrip("\n"))

    def _write_json(self, value: dict[str, object]) -> None:
        if self._file is None:
            print_json(value, lines=True)
            return
        self._file.write(well_formed(json.dumps(value, ensure_ascii=False, default=str)) + "\n")
        self._file.flush()


@contextmanager
def open_results(
    out: Path | None, *, as_json: bool, has_many: bool, force: bool
) -> Iterator[ResultWriter]:
    """Open a writer of results. ``out`` is opened before anything is paid for."""
    if out is None:
        writer = ResultWriter(None, as_json=as_json, has_many=has_many)
        yield writer
    else:
        with open_output(out, force=force) as file:
            writer = ResultWriter(file, as_json=as_json, has_many=has_many)
            yield writer
    writer.finish()


def open_output(out: Path, *, force: bool) -> IO[str]:
    """Open a new text file, or an existing one with ``force``."""
    return open(check_output(out, force=force), "w", encoding="utf-8", newline="\n")


def check_output(out: Path, *, force: bool) -> Path:
    """Check that a file can be written. Raises ``ValueError`` if it exists, without ``force``."""
    if out.exists() and not force and out.stat().st_size:
        raise ValueError(f"{out} already exists. Choose another --out, or add --force.")
    if not os.access(out if out.exists() else out.absolute().parent, os.W_OK):
        raise PermissionError(13, "The file is not writable", str(out))
    return out


def write_bytes(data: bytes, out: Path) -> None:
    """Write a file, or stdout for ``-``. Falls back to a temporary file if the disk is full."""
    if str(out) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        import tempfile

        with tempfile.NamedTemporaryFile(suffix=out.suffix, delete=False) as backup:
            backup.write(data)
        print_status(
            f"error: {out} cannot be written ({error.strerror}); saved to {backup.name}", "bold red"
        )
        raise typer.Exit(2) from None


def show_progress(items: Iterable[T], total: int, label: Callable[[T], str]) -> Iterator[T]:
    """Yield items and show a progress bar on stderr; a single item has none."""
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
