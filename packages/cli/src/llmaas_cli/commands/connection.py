"""Client of a command, for the service or an embedded sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmaas import LLMaaS


@contextmanager
def open_client(*, sandbox: bool, base_url: str | None = None) -> Iterator[LLMaaS]:
    """Open a client. The key is read from the environment, never from the command line."""
    from llmaas import LLMaaS
    from llmaas_cli.endpoint import open_endpoint

    with (
        open_endpoint(sandbox=sandbox, base_url=base_url) as endpoint,
        LLMaaS(api_key=endpoint.api_key or None, base_url=endpoint.base_url) as client,
    ):
        yield client
