"""Base class of all services: a model name and the core's client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self, TypedDict

from pydantic import Field, ValidationError
from semantic_kernel.services.ai_service_client_base import AIServiceClientBase

from llmaas import AsyncLLMaaS, Timeout
from llmaas.adapters import reject_unknown_arguments
from llmaas.catalog import Profile
from semantic_kernel_llmaas.environment import LLMaaSSettings, read_settings
from semantic_kernel_llmaas.errors import (
    LLMaaSInitializationError,
    LLMaaSMissingKeyError,
    translate_errors,
)

ApiKey = str | Callable[[], Any] | None


class Connection(TypedDict, total=False):
    """Connection arguments of every service. Times in seconds; see ``llmaas.LLMaaS``."""

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
    profile: Profile | str | Mapping[str, Any] | None
    client: AsyncLLMaaS | None
    """An existing client; the other arguments are then ignored."""
    env_file_path: str | None
    env_file_encoding: str | None


class LLMaaSService(AIServiceClientBase):
    """Base class of every service: client, address and serialization without secrets.

    Each service defines its own ``__init__``: type checkers would derive one from the fields.
    """

    MODEL_FIELD: ClassVar[str]
    """The field of ``LLMaaSSettings`` that ``ai_model_id`` defaults to."""
    DEFAULT_MODEL: ClassVar[str | None] = None

    client: AsyncLLMaaS = Field(exclude=True, repr=False)

    @classmethod
    def _public_class(cls) -> type:
        """Return the class that errors about arguments name."""
        return cls

    def _initialize(
        self,
        ai_model_id: str | None,
        service_id: str | None,
        api_key: ApiKey,
        base_url: str | None,
        options: Connection,
        **fields: Any,
    ) -> None:
        own = Connection.__annotations__.keys()
        reject_unknown_arguments(self._public_class(), options.keys() - own)
        environment = read_settings(
            options.pop("env_file_path", None), options.pop("env_file_encoding", None)
        )
        model = environment.select_model(self.MODEL_FIELD, ai_model_id, self.DEFAULT_MODEL)
        client_argument = options.pop("client", None)
        client = client_argument or create_client(environment, api_key, base_url, options)
        values = {**fields, "ai_model_id": model, "service_id": service_id or "", "client": client}
        try:
            AIServiceClientBase.__init__(self, **values)
        except ValidationError as error:
            raise LLMaaSInitializationError(_first_error(error)) from error

    def service_url(self) -> str | None:
        """Return the base URL, including ``/v1``."""
        return self.client.settings.base_url

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain values for ``from_dict``; never a key, a proxy or a header."""
        return self.model_dump() | self.client.settings.to_public_dict()

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """Create a service from ``to_dict``. The key defaults to ``LLMAAS_API_KEY``."""
        return cls(**settings)


def _first_error(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}, got {fault['input']!r}"


def create_client(
    environment: LLMaaSSettings, api_key: ApiKey, base_url: str | None, options: Connection
) -> AsyncLLMaaS:
    """Create a client. Raises ``ServiceInitializationError`` for invalid arguments."""
    key = api_key or environment.key
    if not key:
        raise LLMaaSMissingKeyError
    settings: dict[str, Any] = {**options}
    headers = settings.pop("default_headers", None)
    with translate_errors:
        return AsyncLLMaaS(
            api_key=key, base_url=base_url or environment.base_url, headers=headers, **settings
        )
