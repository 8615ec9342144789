"""What all services here are: a model at an address, and the core's client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self, TypedDict

from pydantic import Field, ValidationError
from semantic_kernel.services.ai_service_client_base import AIServiceClientBase

from llmaas import AsyncLLMaaS, Timeout
from llmaas.adapters import reject_unknown_arguments
from semantic_kernel_llmaas.configuration import LLMaaSSettings, read_settings
from semantic_kernel_llmaas.errors import (
    LLMaaSInitializationError,
    LLMaaSMissingKeyError,
    translate_errors,
)

ApiKey = str | Callable[[], Any] | None


class Connection(TypedDict, total=False):
    """How to reach the service. Times in seconds; see ``llmaas.LLMaaS``."""

    timeout: float | Timeout | None
    max_retries: int
    deadline: float | None
    ca_bundle: str | None
    proxy: str | None
    default_headers: Mapping[str, str] | None
    fallbacks: Sequence[str]
    retry_empty: bool
    conform: bool
    strict: bool
    max_file_bytes: int
    client: AsyncLLMaaS | None
    """A client of your own; the other options are then not looked at."""
    env_file_path: str | None
    env_file_encoding: str | None


class LLMaaSService(AIServiceClientBase):
    """The base of every service: client, address, and a dump without the key.

    Each service writes its own ``__init__``: type checkers make one up from the fields else.
    """

    MODEL_FIELD: ClassVar[str]
    """The field of ``LLMaaSSettings`` that names the model when no argument does."""

    client: AsyncLLMaaS = Field(exclude=True, repr=False)

    def _start(
        self,
        ai_model_id: str | None,
        service_id: str | None,
        api_key: ApiKey,
        base_url: str | None,
        options: Connection,
        **fields: Any,
    ) -> None:
        told = read_settings(
            options.pop("env_file_path", None), options.pop("env_file_encoding", None)
        )
        model = told.model(self.MODEL_FIELD, ai_model_id)
        given = options.pop("client", None)
        reject_unknown_arguments(type(self), options.keys() - {"default_headers"})
        client = given or connected(told, api_key, base_url, options)
        values = {**fields, "ai_model_id": model, "service_id": service_id or "", "client": client}
        try:
            AIServiceClientBase.__init__(self, **values)
        except ValidationError as error:
            raise LLMaaSInitializationError(_first_of(error)) from error

    def service_url(self) -> str | None:
        """Return the address, with ``/v1``."""
        return self.client.settings.base_url

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that ``from_dict`` takes; never a key, a proxy or a header."""
        return self.model_dump() | self.client.settings.to_public_dict()

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """Make a service from ``to_dict``; the key comes from ``api_key`` or ``LLMAAS_API_KEY``."""
        return cls(**settings)


def _first_of(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}, not {fault['input']!r}"


def connected(
    told: LLMaaSSettings, api_key: ApiKey, base_url: str | None, options: Connection
) -> AsyncLLMaaS:
    """Return a client; what can never work is told now, not by the first request."""
    key = api_key or told.key
    if not key:
        raise LLMaaSMissingKeyError
    wire: dict[str, Any] = {**options}
    headers = wire.pop("default_headers", None)
    with translate_errors:
        return AsyncLLMaaS(api_key=key, base_url=base_url or told.base_url, headers=headers, **wire)
