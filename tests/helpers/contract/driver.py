"""Drivers of the contract: one call interface for the chat classes of all packages.

A package's ``tests/<package>/contract_driver.py`` adapts its class and the framework's stock class
in a few lines each. ``cases`` lists the behaviors, ``tests/contract`` checks our classes, and
``tools.contract_table`` runs all and writes the table of ``tests/README.md``.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from tests.helpers.isolation import secret_leaks

TESTS = Path(__file__).parents[2]
MODEL = "gpt-oss:120b"
WEATHER: Mapping[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


@dataclass
class Answer:
    """Content of an answer, independent of the framework; None if it has no field for it."""

    text: str = ""
    reasoning: str | None = None
    calls: Sequence[tuple[str, Any]] = ()
    """Name and arguments (a dict) of each tool call."""
    tokens: int | None = None
    machine: str | None = None
    cost: float | None = None
    value: Any = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What the framework's metadata says of ``cached``, ``adjustments`` and ``attempts``."""


def metadata_notes(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the notes that an answer's metadata holds."""
    return {name: metadata.get(name) for name in ("cached", "adjustments", "attempts")}


def parse_calls(calls: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return the calls that an agent can run: those whose arguments are a JSON object."""
    parsed = []
    for name, arguments in calls:
        with suppress(ValueError):
            value = json.loads(arguments) if isinstance(arguments, str) else arguments
            parsed += [(name, value or {})] if isinstance(value or {}, dict) else []
    return parsed


@dataclass(frozen=True)
class Request:
    """Request that a driver translates for its framework."""

    text: str = "Bonjour"
    stream: bool = False
    tools: Sequence[Mapping[str, Any]] = ()
    image: bytes | None = None
    """A PNG, to send beside the text in one user message."""
    schema: type[Any] | None = None
    """A pydantic model that the answer must fit."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Parameters by their names on the wire."""


@dataclass(frozen=True)
class ClientOptions:
    """Options of a client. Times in seconds."""

    base_url: str
    api_key: str
    model: str = MODEL
    retries: int = 0
    timeout: float | None = None
    deadline: float | None = None
    """The longest a call may take in all; stock classes have no such thing."""


@dataclass(frozen=True)
class Mode:
    """Mode of a call: whole or streamed, async or sync."""

    stream: bool = False
    sync: bool = False

    def __str__(self) -> str:
        return f"{'streamed' if self.stream else 'whole'} {'sync' if self.sync else 'async'}"


MODES = tuple(Mode(stream, sync) for sync in (False, True) for stream in (False, True))


class Driver:
    """One class under the contract. Frameworks are imported in the methods, not at the top."""

    name: ClassVar[str]
    ours: ClassVar[bool] = True
    tool: ClassVar[str] = "get_weather"
    """The name by which the framework offers the tool of the questions."""
    has_sync: ClassVar[bool] = False
    """Whether the framework has calls for threads, too."""
    sends_once: ClassVar[bool] = False
    """Whether what is asked has effects, so that it is never asked again."""
    distribution: ClassVar[str]
    """Whose version the table prints."""
    unsupported: ClassVar[Mapping[str, str]] = {}
    """Rows that the framework has no place for, and why."""

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Modes that the class supports."""
        return tuple(mode for mode in MODES if self.has_sync or not mode.sync)

    def label(self, mode: Mode) -> str:
        """Return the name with that of the way's world."""
        return f"{self.name} {'sync' if mode.sync else 'async'}"

    def connect(self, to: ClientOptions) -> Any:
        """Return the framework's object, connected."""
        raise NotImplementedError

    def connect_sync(self, to: ClientOptions) -> Any:
        """Return the object for threads, where it is another one."""
        return self.connect(to)

    async def ask(self, client: Any, request: Request) -> Answer:
        """Send a request and return the answer; errors propagate."""
        raise NotImplementedError

    def ask_sync(self, client: Any, request: Request) -> Answer:
        """Ask from a thread."""
        raise NotImplementedError

    def cancel_sync(self, client: Any, request: Request) -> None:
        """Ask for a stream and leave it after its first piece."""
        raise NotImplementedError


@dataclass(frozen=True)
class Harness:
    """One driver, one sandbox and one mode."""

    driver: Driver
    box: Any
    mode: Mode = Mode()
    address: ClientOptions | None = None

    def connect(self, *, key: str | None = None, **told: Any) -> Any:
        """Connect the driver's class to the sandbox."""
        to = self.address or ClientOptions(self.box.base_url, self.box.api_key)
        to = replace(to, api_key=key or to.api_key, **told)
        return self.driver.connect_sync(to) if self.mode.sync else self.driver.connect(to)

    async def ask(self, client: Any = None, **request: Any) -> Answer:
        """Ask a client, a new one if none is given."""
        asked = Request(**{"stream": self.mode.stream, **request})
        client = self.connect() if client is None else client
        if self.mode.sync:
            return await asyncio.to_thread(self.driver.ask_sync, client, asked)
        return await self.driver.ask(client, asked)

    async def expect_error(self, client: Any = None, **request: Any) -> Any:
        """Send a request and return the error that it must raise."""
        try:
            answer = await self.ask(client, **request)
        except Exception as error:
            secret_leaks.check_error(error)
            return error
        raise AssertionError(f"no error, but {answer}")


def drivers() -> Iterator[Driver]:
    """Yield every driver whose framework is installed, ours before the stock one of its package."""
    for path in sorted(TESTS.glob("*/contract_driver.py"), key=_core_first):
        try:
            module = _loaded(path)
        except ImportError:
            continue
        yield from (kind() for kind in module.DRIVERS)


def _core_first(path: Path) -> tuple[bool, Path]:
    return path.parent.name != "core", path


def _loaded(path: Path) -> ModuleType:
    name = f"contract_driver_{path.parent.name.replace('-', '_')}"
    if name in sys.modules:  # a second copy of its classes could not be pickled
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
