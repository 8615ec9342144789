"""Canary keys: a test fails if it shows a key in output, logs, errors or files.

Looked at, in every test: what is captured of stdout, stderr and logs (also what a test takes out
of ``capsys``), log records with their arguments, the errors that tests provoke, tracebacks,
warnings, spans, files below ``tmp_path``; and the cassettes at the end. Half a key is one, too.
A test that must show a key says why: ``@pytest.mark.shows_key("...")``.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import pickle
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

LARGEST = 8_000_000
"""Bytes of a file that are looked at."""

TESTS = Path(__file__).parents[2]


def key(name: str = "suite") -> str:
    """Return a key that is written nowhere: it is made while the tests run."""
    made = "sk-canary-" + hashlib.sha256(f"canary {name}".encode()).hexdigest()[:24]
    _needles.update(_parts(made))
    return made


def _parts(made: str) -> list[str]:
    body = made.removeprefix("sk-canary-")
    sent = base64.b64encode(made.encode()).decode()
    return [body[:12], body[12:], sent[4:20]]


_needles: set[str] = set()
KEY = key()


def find_leak(told: str | bytes) -> str | None:
    """Return what surrounds a canary key, the key hidden; None without a key."""
    text = told.decode("latin-1") if isinstance(told, bytes) else told
    for needle in _needles:
        if (at := text.find(needle)) >= 0:
            near = text[max(0, at - 80) : at + 80]
            return redact(near)
    return None


def redact(text: str) -> str:
    """Return a text without the keys that it shows."""
    for each in _needles:
        text = text.replace(each, "<canary>")
    return text


def error_texts(error: BaseException) -> Iterator[str]:
    """Yield what of an error and its causes is printed, logged or sent on."""
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:  # ``raise error from error`` is a circle
        seen.add(id(link))
        yield f"{link!r} {link} {getattr(link, '__notes__', '')} {vars(link)!r}"
        yield from _words_of_frames(link.__traceback__)
        hides = link.__suppress_context__
        link = link.__cause__ or (None if hides else link.__context__)
    if type(error).__module__.startswith("openai"):
        return  # the SDK's own errors hold their request, and so do their pickles
    try:
        yield repr(pickle.dumps(error))
    except Exception:  # many errors of others cannot be pickled
        return


def _words_of_frames(traceback: TracebackType | None) -> Iterator[str]:
    """Yield the plain local variables of frames outside of tests: tools print them."""
    while traceback is not None:
        frame = traceback.tb_frame
        if not frame.f_code.co_filename.startswith(str(TESTS)):
            yield from (v for v in frame.f_locals.values() if isinstance(v, str))
        traceback = traceback.tb_next


def check_error(error: BaseException) -> None:
    """Look at an error that a test provoked and caught."""
    for told in error_texts(error):
        if near := find_leak(told):
            _watch.note(f"an error ({type(error).__name__})", near)


class Watch(logging.Handler):
    """Collects the leaks of the running test, and those that belong to none."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.found: list[str] = []

    def note(self, where: str, near: str) -> None:
        """Remember a leak."""
        self.found.append(f"a key is shown in {where}: ...{near}...")

    def look(self, where: str, told: str | bytes) -> None:
        """Remember a text if it leaks."""
        if near := find_leak(told):
            self.note(where, near)

    def take(self) -> list[str]:
        """Return what was found since the last time."""
        found, self.found = self.found, []
        return found

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a log record of any level, its arguments and its error included."""
        self.look(f"a log record of {record.name}", f"{record.getMessage()} {record.args!r}")
        if record.exc_info and record.exc_info[1] is not None:
            for told in error_texts(record.exc_info[1]):
                self.look(f"an error in the log of {record.name}", told)


_watch = Watch()


class SecretLeakPlugin:
    """The plugin."""

    def __init__(self) -> None:
        self.late: list[str] = []
        logging.getLogger().addHandler(_watch)
        _looked_at(pytest.CaptureFixture, "readouterr", _look_at_captured)
        if kind := getattr(pytest, "RaisesExc", None):
            _looked_at(kind, "__exit__", _look_at_raised)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Look at spans, where something that makes them has been imported."""
        if "opentelemetry.sdk.trace" in sys.modules:
            _look_at_spans()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Look at the files that a test wrote, before fixtures take them away."""
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if isinstance(folder, Path):
            for path in folder.rglob("*"):
                _look_at_file(path)
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Fail the test that showed a key."""
        report = yield
        for title, content in report.sections:
            _watch.look(title, content)
        _watch.look("the report", report.longreprtext)
        found = _watch.take()
        if found and item.get_closest_marker("shows_key") is None:
            failure = redact(report.longreprtext)  # before it is replaced: why the test failed
            report.outcome = "failed"
            report.longrepr = "\n".join([*dict.fromkeys(found), failure])
            report.sections = []
        return report

    def pytest_warning_recorded(self, warning_message: Any) -> None:
        """Look at warnings."""
        _watch.look("a warning", str(warning_message.message))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look at what belongs to no test, and at the cassettes."""
        for path in (TESTS / "cassettes").rglob("*.yaml"):
            _look_at_file(path)
        self.late = _watch.take()
        logging.getLogger().removeHandler(_watch)
        if self.late and session.exitstatus in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was found outside of tests."""
        if self.late:
            terminalreporter.section("keys shown outside of any test", red=True)
            for line in dict.fromkeys(self.late):
                terminalreporter.line(line)


def _looked_at(kind: Any, name: str, look: Callable[..., None]) -> None:
    """Let a method's call also be looked at, once in a process."""
    plain = getattr(kind, name)
    if hasattr(plain, "plain"):
        return

    def method(self: Any, *args: Any) -> Any:
        result = plain(self, *args)
        look(result, *args)
        return result

    method.plain = plain  # type: ignore[attr-defined]
    setattr(kind, name, method)


def _look_at_captured(result: Any) -> None:
    for told in result:
        _watch.look("captured output", told)


def _look_at_raised(_result: Any, _kind: Any, error: BaseException | None, _tb: Any) -> None:
    if error is not None:
        check_error(error)


def _look_at_file(path: Path) -> None:
    try:
        if path.is_file() and path.stat().st_size <= LARGEST:
            _watch.look(f"the file {path.name}", path.read_bytes())
    except OSError:
        return


def _look_at_spans() -> None:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

    class Look(SpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            _watch.look(f"the span {span.name}", span.to_json())

    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    provider.add_span_processor(Look())
