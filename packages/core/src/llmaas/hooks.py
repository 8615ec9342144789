"""Hooks that run before and after every call.

Quotas, budgets and telemetry are hooks: they may wait, refuse and count. A client without hooks
pays nothing for them.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from llmaas._calls import CallInfo, CallResult, StreamAbandoned
from llmaas._scopes import follow

if TYPE_CHECKING:
    from llmaas.ops.effects import Operation
    from llmaas.settings import Settings

__all__ = [
    "REGISTRY",
    "CallInfo",
    "CallResult",
    "Hook",
    "HookRegistry",
    "StreamAbandoned",
    "add_hook",
    "remove_hook",
]


class Hook(Protocol):
    """Code that runs before and after every call.

    Both methods are operations: they may yield effects, to wait for instance. A hook with a true
    attribute ``counts_parts`` also sees each request of a call that sends several.
    """

    def before_call(self, call: CallInfo) -> Operation[Any]:
        """Accept the call and return a ticket, or raise to refuse it."""

    def after_call(self, ticket: Any, result: CallResult) -> Operation[None]:
        """Count what the call used.

        An ``LLMaaSError`` raised here withholds the answer; any other error is logged.
        """


class HookRegistry:
    """Hooks of the process (telemetry) and of open ``with`` blocks (budgets)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_process: tuple[Hook, ...] = ()
        self._of_blocks: ContextVar[tuple[Hook, ...]] = ContextVar("llmaas_hooks", default=())

    def hooks_for(self, settings: Settings) -> tuple[Hook, ...]:
        """Return the hooks of a call that starts here and now, the client's last."""
        return (*self._of_process, *self._of_blocks.get(), *settings.hooks)

    def add(self, hook: Hook) -> None:
        """Run a hook for every call of the process."""
        with self._lock:
            self._of_process = (*self._of_process, hook)

    def remove(self, hook: Hook) -> None:
        """Stop running a hook of the process; do nothing if it is not one."""
        with self._lock:
            self._of_process = tuple(each for each in self._of_process if each is not hook)

    def replace(self, kind: type[Hook], *hooks: Hook) -> None:
        """Replace the process's hooks of a class in one step, so that no call is seen twice."""
        with self._lock:
            others = (each for each in self._of_process if not isinstance(each, kind))
            self._of_process = (*others, *hooks)

    def __contains__(self, hook: Hook) -> bool:
        return hook in self._of_process

    def enter_block(self, hook: Hook) -> None:
        """Run a hook in this thread or task and in the threads that it starts."""
        follow(self._of_blocks)
        self._of_blocks.set((*self._of_blocks.get(), hook))

    def exit_block(self, hook: Hook) -> None:
        """Undo the last ``enter_block`` of a hook; blocks of other tasks stay open."""
        hooks = list(self._of_blocks.get())
        if hook in hooks:
            del hooks[len(hooks) - 1 - hooks[::-1].index(hook)]
        self._of_blocks.set(tuple(hooks))

    def block_hooks(self) -> tuple[Hook, ...]:
        """Return the hooks of the blocks that are open in this thread or task."""
        return self._of_blocks.get()


REGISTRY = HookRegistry()


def add_hook(hook: Hook) -> None:
    """Run a hook for every call of this process, of all clients."""
    REGISTRY.add(hook)


def remove_hook(hook: Hook) -> None:
    """Stop running a hook that ``add_hook`` added; do nothing if it was not."""
    REGISTRY.remove(hook)
