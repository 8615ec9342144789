"""Client of a command, for the service or an embedded sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmaas import LLMaaS


@contextmanager
def open_client(*, sandbox: bool, base_url: str | None = None) -> Iterator[LLMaaS]:
    """Yield a client; the key comes from the environment, never from the command line."""
    from llmaas import LLMaaS
    from llmaas_cli.endpoint import open_endpoint

    with (
        open_endpoint(sandbox=sandbox, base_url=base_url) as where,
        LLMaaS(api_key=where.api_key or None, base_url=where.base_url) as client,
    ):
        yield client
