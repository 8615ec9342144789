"""The contract of all adapters: what each must do, whole and streamed, over a real socket.

A room says in ``tests/<room>/contract_driver.py`` how its classes are asked, and how the stock
class of its framework is: a few lines each. ``tests/contract`` runs ours; ``contract_table.py``
runs everything and writes the table of ``tests/README.md``.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

TESTS = Path(__file__).parents[1]
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
    """What an answer held, whatever the framework calls it. None: it has no place for it."""

    text: str = ""
    reasoning: str | None = None
    calls: Sequence[tuple[str, Any]] = ()
    """Name and arguments (a dict) of each tool call."""
    tokens: int | None = None
    machine: str | None = None
    cost: float | None = None
    value: Any = None


@dataclass(frozen=True)
class Question:
    """What is asked, for a driver to put in its framework's words."""

    text: str = "Bonjour"
    stream: bool = False
    tools: Sequence[Mapping[str, Any]] = ()
    image: bytes | None = None
    """A PNG, to send beside the text in one user message."""
    schema: type[Any] | None = None
    """A pydantic model that the answer must fit."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Parameters by their names on the wire."""


class Driver:
    """One class under the contract. Frameworks are imported in the methods, not at the top."""

    name: ClassVar[str]
    ours: ClassVar[bool] = True
    distribution: ClassVar[str]
    """Whose version the table prints."""
    lacks: ClassVar[Mapping[str, str]] = {}
    """Rows that the framework has no place for, and why."""

    def connect(self, base_url: str, api_key: str, model: str, retries: int) -> Any:
        """Return the framework's object, connected."""
        raise NotImplementedError

    async def ask(self, client: Any, question: Question) -> Answer:
        """Ask and return what came; errors are let out."""
        raise NotImplementedError


@dataclass
class Bench:
    """One driver before one sandbox, whole or streamed."""

    driver: Driver
    box: Any
    stream: bool

    def connect(self, *, model: str = MODEL, retries: int = 0, key: str | None = None) -> Any:
        """Connect the driver's class to the sandbox."""
        return self.driver.connect(self.box.base_url, key or self.box.api_key, model, retries)

    async def ask(self, client: Any = None, **question: Any) -> Answer:
        """Ask a client, a new one if none is given."""
        asked = Question(**{"stream": self.stream, **question})
        return await self.driver.ask(client if client is not None else self.connect(), asked)

    async def fails(self, client: Any = None, **question: Any) -> Any:
        """Ask, and return the error that must come."""
        try:
            answer = await self.ask(client, **question)
        except Exception as error:
            return error
        raise AssertionError(f"no error, but {answer}")


Check = Callable[[Bench], Awaitable[None]]


@dataclass(frozen=True)
class Behaviour:
    """One row: a sentence and its check."""

    says: str
    check: Check
    modes: tuple[bool, ...]
    """Whether it is checked whole (False), streamed (True), or both."""


def drivers() -> Iterator[Driver]:
    """Yield every driver whose framework is installed, ours before the stock one of its room."""
    for path in sorted(TESTS.glob("*/contract_driver.py")):
        try:
            module = _loaded(path)
        except ImportError:
            continue
        yield from (kind() for kind in module.DRIVERS)


def _loaded(path: Path) -> ModuleType:
    name = f"contract_driver_{path.parent.name.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
