"""Errors that belong to the hierarchies of the core and of a framework."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import TracebackType
from typing import Any, TypeAlias

from llmaas._errors_base import LLMaaSError

Bases: TypeAlias = type[Exception] | tuple[type[Exception], ...]
ErrorTable: TypeAlias = Mapping[type[LLMaaSError], Bases | Callable[[Any], Bases]]


class ErrorBridge:
    """Context manager that raises errors of the core as errors of a framework, too.

    ``with translate_errors:`` serves threads, coroutines and generators alike: it has no state.
    Every raised error is an instance of the core's class and of the framework's classes, has the
    attributes of the core's error, and can be pickled. See ``bridge_errors``.
    """

    def __init__(
        self,
        table: ErrorTable | Callable[[], ErrorTable],
        *,
        module: str,
        prefix: str,
        names: Mapping[str, str],
        keep_original: bool,
        fill: Callable[..., None] | None,
    ) -> None:
        self.module = module
        self._table = table
        self._prefix = prefix
        self._names = names
        self._keep_original = keep_original
        self._fill = fill
        self._joined: dict[tuple[type[Exception], ...], type[LLMaaSError]] = {}

    def translate(self, error: Exception, **context: object) -> Exception:
        """Convert an error of the core to one of both hierarchies; return others unchanged."""
        if not isinstance(error, LLMaaSError):
            return error
        kind = type(error)
        own: type[LLMaaSError] = vars(kind).get("core_class", kind)
        bases = self._find_bases(own, error)
        if all(issubclass(kind, base) for base in bases):
            return error
        from llmaas.errors import convert

        both = convert(error, self._join(own, bases))
        if self._fill is not None:
            self._fill(both, error, **context)
        vars(both)["bridge_context"] = context
        both.__cause__ = error if self._keep_original else error.__cause__
        return both.with_traceback(error.__traceback__)

    def find_class(self, name: str) -> type[LLMaaSError]:
        """Look up a joined class by name; assign it to ``__getattr__`` of the bridge's module.

        Raises ``AttributeError`` if the table does not cover an error of that name.
        """
        kind = None if name.startswith("__") else _find_core_error(self._core_name(name))
        bases = self._find_bases(kind, None) if kind else ()
        if kind is None or not bases:
            raise AttributeError(f"module {self.module!r} has no attribute {name!r}")
        return self._join(kind, bases)

    def __call__(self, **context: object) -> _Translation:
        """Return a context manager that passes ``context`` to ``fill``."""
        return _Translation(self, context)

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.raise_translated(error, {})

    def raise_translated(self, error: BaseException | None, context: dict[str, object]) -> None:
        """Raise the error of both hierarchies, if it differs from the original."""
        if isinstance(error, Exception):
            both = self.translate(error, **context)
            if both is not error:
                raise both from both.__cause__

    def _read_table(self) -> ErrorTable:
        if callable(self._table):
            self._table = self._table()
        return self._table

    def _find_bases(self, kind: type, error: Exception | None) -> tuple[type[Exception], ...]:
        """Look up the framework's classes of a core class, by its nearest ancestor."""
        table = self._read_table()
        found = next((table[base] for base in kind.__mro__ if base in table), ())
        if not isinstance(found, type | tuple):
            found = found(error)
        return found if isinstance(found, tuple) else (found,)

    def _join(
        self, kind: type[LLMaaSError], bases: tuple[type[Exception], ...]
    ) -> type[LLMaaSError]:
        """Create the class that joins a core class with the framework's, once."""
        key = (kind, *bases)
        if key not in self._joined:
            parents = tuple(self._find_parents(kind, bases))
            others = [b for b in bases if not any(issubclass(parent, b) for parent in parents)]
            members = {
                "__module__": self.module,
                "__doc__": kind.__doc__,
                "__reduce__": _reduce,
                "core_class": kind,
                "bridge_module": self.module,
            }
            joined = type(self._public_name(kind), (kind, *parents, *others), members)
            self._joined.setdefault(key, joined)  # of two threads, the first one wins
        return self._joined[key]

    def _find_parents(
        self, kind: type[LLMaaSError], bases: tuple[type[Exception], ...]
    ) -> Iterator[type[LLMaaSError]]:
        """Yield the joined classes of the core's base classes, unless they add other classes."""
        for base in kind.__bases__:
            theirs = self._find_bases(base, None)
            if theirs and all(any(issubclass(b, each) for b in bases) for each in theirs):
                yield self._join(base, theirs)

    def _public_name(self, kind: type[LLMaaSError]) -> str:
        return self._names.get(kind.__name__, self._prefix + kind.__name__)

    def _core_name(self, name: str) -> str:
        named = (core for core, public in self._names.items() if public == name)
        return next(named, name.removeprefix(self._prefix))


class _Translation:
    """Bridge with the context of one call."""

    def __init__(self, bridge: ErrorBridge, context: dict[str, object]) -> None:
        self._bridge = bridge
        self._context = context

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._bridge.raise_translated(error, self._context)


def bridge_errors(
    table: ErrorTable | Callable[[], ErrorTable],
    *,
    module: str,
    prefix: str = "",
    names: Mapping[str, str] | None = None,
    keep_original: bool = False,
    fill: Callable[..., None] | None = None,
) -> ErrorBridge:
    """Build the error translation of an adapter; assign it to ``translate_errors``.

    ``table`` maps classes of ``llmaas.errors`` to one or several classes of the framework, or to
    a function of the error that returns them. A class that it lacks is treated as its nearest
    ancestor; an error without one is raised as it is. Pass a function that returns the table to
    import the framework's errors and ``openai`` only after a failure.

    ``module`` is the ``__name__`` of the calling module, where users import the joined classes.
    They have the core's names, with ``prefix`` in front; ``names`` overrides single ones.
    ``keep_original`` makes the core's error the ``__cause__`` of the raised one.
    ``fill(joined, error, **context)`` sets attributes that the framework expects; the context is
    that of ``with translate_errors(**context):``.
    """
    return ErrorBridge(
        table,
        module=module,
        prefix=prefix,
        names=names or {},
        keep_original=keep_original,
        fill=fill,
    )


def _find_core_error(name: str) -> type[LLMaaSError] | None:
    from llmaas import errors

    kind = getattr(errors, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, LLMaaSError) else None


def _reduce(error: Any) -> tuple[object, ...]:
    """Pickle as the core's error, which is translated again where it is loaded."""
    from llmaas.errors import convert

    plain: Any = convert(error, error.core_class)
    context = vars(plain).pop("bridge_context", {})
    return (_load, (error.bridge_module, plain, context))


def _load(module: str, error: Exception, context: dict[str, object]) -> Exception:
    bridge: ErrorBridge = import_module(module).translate_errors
    return bridge.translate(error, **context)
