"""Settings from ``LLMAAS_*`` environment variables and a ``.env`` file."""

from __future__ import annotations

from threading import Lock
from typing import ClassVar

from pydantic import SecretStr, ValidationError
from semantic_kernel.kernel_pydantic import KernelBaseSettings

from semantic_kernel_llmaas.errors import LLMaaSInitializationError

_read_lock = Lock()


class LLMaaSSettings(KernelBaseSettings):
    """``LLMAAS_API_KEY``, ``LLMAAS_BASE_URL`` and a default model for each kind of service.

    Arguments take precedence over the environment, the environment over the file.
    """

    env_prefix: ClassVar[str] = "LLMAAS_"

    api_key: SecretStr | None = None
    base_url: str | None = None
    chat_model_id: str | None = None
    text_model_id: str | None = None
    embedding_model_id: str | None = None
    realtime_model_id: str | None = None
    rerank_model_id: str | None = None
    audio_to_text_model_id: str | None = None
    text_to_audio_model_id: str | None = None
    text_to_image_model_id: str | None = None

    @property
    def key(self) -> str | None:
        """The API key in plain text."""
        return self.api_key.get_secret_value() if self.api_key else None

    def select_model(self, field: str, ai_model_id: str | None, default: str | None = None) -> str:
        """Return ``ai_model_id``, or the value of ``field``, or ``default``.

        Raises ``ServiceInitializationError`` if neither is set.
        """
        model = ai_model_id or getattr(self, field) or default
        if not model or not model.strip():
            variable = f"{self.env_prefix}{field.upper()}"
            raise LLMaaSInitializationError(
                f"ai_model_id is missing. Pass ai_model_id=... or set {variable}."
            )
        return str(model)


def read_settings(
    env_file_path: str | None = None, env_file_encoding: str | None = None
) -> LLMaaSSettings:
    """Read the environment and the file, which defaults to ``.env``.

    Raises ``ServiceInitializationError`` if either is invalid.
    """
    try:
        with _read_lock:  # the base class stores the file's path in a class attribute
            return LLMaaSSettings(env_file_path=env_file_path, env_file_encoding=env_file_encoding)
    except ValidationError as error:
        raise LLMaaSInitializationError(f"LLMAAS_* variables are invalid: {error}") from error
    except (UnicodeError, LookupError) as error:
        problem = str(error)
    # without a cause: a UnicodeError holds the whole file, including the key
    raise LLMaaSInitializationError(f"env_file_path: the .env file cannot be read: {problem}")
