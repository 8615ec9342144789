"""LLMaaS integration for Pydantic AI: a model, a provider, profiles and an embedding model.

Errors inherit from Pydantic AI's classes (``ModelAPIError``, ``UserError``) and from those of
``llmaas.errors``. ``__cause__`` is the original ``llmaas`` error.
"""

from pydantic_ai_llmaas._version import __version__
from pydantic_ai_llmaas.connection import LLMaaSProvider
from pydantic_ai_llmaas.embeddings import LLMaaSEmbeddingModel
from pydantic_ai_llmaas.model import LLMaaSModel
from pydantic_ai_llmaas.profiles import all_profiles, model_profile
from pydantic_ai_llmaas.settings import LLMaaSModelSettings

__all__ = [
    "LLMaaSEmbeddingModel",
    "LLMaaSModel",
    "LLMaaSModelSettings",
    "LLMaaSProvider",
    "__version__",
    "all_profiles",
    "model_profile",
]
