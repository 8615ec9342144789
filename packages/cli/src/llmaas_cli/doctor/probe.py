"""One small, billed call of a model, suited to its category."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from llmaas_cli.doctor.check import Check, bounded, fail, ok, skip
from llmaas_cli.doctor.service import refused, unknown

if TYPE_CHECKING:
    from llmaas import LLMaaS
    from llmaas.types import Completion

_NOT_CHAT = ("audio", "transcription", "speech", "image")


def call(client: LLMaaS, model: str, timeout: float) -> Check:
    """Make one small call (it costs a fraction of a cent)."""
    from llmaas import catalog

    known = catalog.resolve(model).model
    category = known.category if known else "chat"
    if category in _NOT_CHAT:
        return skip("answer", f"{model} is a model for {category}: not tried")
    start = time.perf_counter()
    try:
        said = bounded(lambda: _PROBES.get(category, _chat)(client, model, timeout), timeout)
    except Exception as error:
        return _failed(error, model)
    return ok("answer", f"{said} after {time.perf_counter() - start:.1f} s")


def _failed(error: Exception, model: str) -> Check:
    """Tell a wrong model from a wrong address, and both from a slow answer."""
    from llmaas.errors import APITimeoutError, ModelNotFoundError, NotFoundError

    if isinstance(error, ModelNotFoundError):
        return unknown(model)
    if isinstance(error, NotFoundError):
        return fail("address", f"it lists models but answers no calls: {error.message}",
                    "Check the path of LLMAAS_BASE_URL.")  # fmt: skip
    if isinstance(error, TimeoutError | APITimeoutError):
        return fail("answer", f"{model} did not answer in time", "Raise --timeout, or ask again.")
    return refused(error)


def _chat(client: LLMaaS, model: str, timeout: float) -> str:
    question = "Answer with the word OK."
    completion = client.chat(question, model=model, max_tokens=512, deadline=timeout)
    return f"{completion.text.strip()[:40]!r}{_machine(completion)}"


def _machine(completion: Completion) -> str:
    name = completion.backend.machine_name if completion.backend else None
    return f" from {name}" if name else ""


def _embed(client: LLMaaS, model: str, timeout: float) -> str:
    [vector] = client.embed(["OK"], model=model, deadline=timeout).vectors
    return f"a vector of {len(vector or ())} numbers"


def _rerank(client: LLMaaS, model: str, timeout: float) -> str:
    ranking = client.rerank("OK", ["OK", "no"], model=model, deadline=timeout)
    return f"{len(ranking.results)} passages ranked"


_PROBES: dict[str, Callable[[Any, str, float], str]] = {"embedding": _embed, "rerank": _rerank}
