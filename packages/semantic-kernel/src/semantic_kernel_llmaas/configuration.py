"""What the environment and a ``.env`` file may say: ``LLMAAS_*`` and nothing else."""

from __future__ import annotations

from threading import Lock
from typing import ClassVar

from pydantic import SecretStr, ValidationError
from semantic_kernel.kernel_pydantic import KernelBaseSettings

from semantic_kernel_llmaas.errors import LLMaaSInitializationError

_reading = Lock()


class LLMaaSSettings(KernelBaseSettings):
    """``LLMAAS_API_KEY``, ``LLMAAS_BASE_URL`` and a model for each kind of service.

    Arguments win over the environment, the environment over the file.
    """

    env_prefix: ClassVar[str] = "LLMAAS_"

    api_key: SecretStr | None = None
    base_url: str | None = None
    chat_model_id: str | None = None
    text_model_id: str | None = None
    embedding_model_id: str | None = None
    rerank_model_id: str | None = None
    audio_to_text_model_id: str | None = None
    text_to_audio_model_id: str | None = None
    text_to_image_model_id: str | None = None

    @property
    def key(self) -> str | None:
        """The key in plain text."""
        return self.api_key.get_secret_value() if self.api_key else None

    def model(self, field: str, given: str | None) -> str:
        """Return the model to use, ``given`` first; raise when none is named."""
        model = given or getattr(self, field)
        if not model or not model.strip():
            variable = f"{self.env_prefix}{field.upper()}"
            raise LLMaaSInitializationError(
                f"No model is named: pass ai_model_id=... or set {variable}"
            )
        return str(model)


def read_settings(
    env_file_path: str | None = None, env_file_encoding: str | None = None
) -> LLMaaSSettings:
    """Read the environment and the file (``.env`` unless said)."""
    try:
        with _reading:  # the base class writes where to read into a global of the class
            return LLMaaSSettings(env_file_path=env_file_path, env_file_encoding=env_file_encoding)
    except ValidationError as error:
        raise LLMaaSInitializationError(f"LLMAAS_* cannot be read: {error}") from error
    except (UnicodeError, LookupError) as error:
        problem = str(error)
    # with no cause: a UnicodeError holds the whole file, and the key with it
    raise LLMaaSInitializationError(f"The .env file cannot be read: {problem}")
