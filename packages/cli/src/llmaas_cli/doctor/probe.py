"""Small, billed test call of a model, by its category."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from llmaas_cli.doctor.check import Check, fail, ok, run_with_timeout, skip
from llmaas_cli.doctor.service import list_failed, model_not_served

if TYPE_CHECKING:
    from llmaas import LLMaaS
    from llmaas.types import Completion

_NOT_CHAT = ("audio", "transcription", "speech", "image")


def check_answer(client: LLMaaS, model: str, timeout: float) -> Check:
    """Check a model with one small call (a fraction of a cent)."""
    from llmaas import catalog

    known = catalog.resolve(model).model
    category = known.category if known else "chat"
    if category in _NOT_CHAT:
        return skip("answer", f"{model} is a {category} model; not called")
    start = time.perf_counter()
    try:
        summary = run_with_timeout(
            lambda: _PROBES.get(category, _probe_chat)(client, model, timeout), timeout
        )
    except Exception as error:
        return _diagnose_failure(error, model)
    return ok("answer", f"{summary} after {time.perf_counter() - start:.1f} s")


def _diagnose_failure(error: Exception, model: str) -> Check:
    """Distinguish a wrong model, a wrong address and a timeout."""
    from llmaas.errors import APITimeoutError, ModelNotFoundError, NotFoundError

    if isinstance(error, ModelNotFoundError):
        return model_not_served(model)
    if isinstance(error, NotFoundError):
        return fail("address", f"it lists models but rejects calls: {error.message}",
                    "Check the path of LLMAAS_BASE_URL.")  # fmt: skip
    if isinstance(error, TimeoutError | APITimeoutError):
        return fail("answer", f"{model} timed out", "Raise --timeout, or try again.")
    return list_failed(error)


def _probe_chat(client: LLMaaS, model: str, timeout: float) -> str:
    question = "Answer with the word OK."
    completion = client.chat(question, model=model, max_tokens=512, deadline=timeout)
    return f"{completion.text.strip()[:40]!r}{_describe_machine(completion)}"


def _describe_machine(completion: Completion) -> str:
    name = completion.backend.machine_name if completion.backend else None
    return f" from {name}" if name else ""


def _probe_embed(client: LLMaaS, model: str, timeout: float) -> str:
    [vector] = client.embed(["OK"], model=model, deadline=timeout).vectors
    return f"a vector of {len(vector or ())} numbers"


def _probe_rerank(client: LLMaaS, model: str, timeout: float) -> str:
    ranking = client.rerank("OK", ["OK", "no"], model=model, deadline=timeout)
    return f"{len(ranking.results)} passages ranked"


_PROBES: dict[str, Callable[[Any, str, float], str]] = {
    "embedding": _probe_embed,
    "rerank": _probe_rerank,
}
