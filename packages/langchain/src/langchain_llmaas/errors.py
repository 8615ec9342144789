"""Errors in both exception hierarchies, LangChain's and the core's.

``except ModelRateLimitError``, ``except llmaas.RateLimitError`` and ``except
openai.RateLimitError`` all catch the same exception. It has the core's ``hint`` and
``request_id``, and LangChain's ``is_retryable``. The classes are built when they are first used:
the core's errors import ``openai``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmaas.adapters import bridge_errors

if TYPE_CHECKING:
    from llmaas.adapters import ErrorTable
    from llmaas.errors import APIConnectionError as APIConnectionError
    from llmaas.errors import APIError as APIError
    from llmaas.errors import APIStatusError as APIStatusError
    from llmaas.errors import APITimeoutError as APITimeoutError
    from llmaas.errors import AuthenticationError as AuthenticationError
    from llmaas.errors import BadRequestError as BadRequestError
    from llmaas.errors import ConflictError as ConflictError
    from llmaas.errors import ContextOverflowError as ContextOverflowError
    from llmaas.errors import DeadlineExceededError as DeadlineExceededError
    from llmaas.errors import InternalServerError as InternalServerError
    from llmaas.errors import InvalidInputError as InvalidInputError
    from llmaas.errors import InvalidResponseError as InvalidResponseError
    from llmaas.errors import MissingAPIKeyError as MissingAPIKeyError
    from llmaas.errors import ModelNotFoundError as ModelNotFoundError
    from llmaas.errors import NotFoundError as NotFoundError
    from llmaas.errors import PayloadTooLargeError as PayloadTooLargeError
    from llmaas.errors import PermissionDeniedError as PermissionDeniedError
    from llmaas.errors import PromptBlockedError as PromptBlockedError
    from llmaas.errors import RateLimitError as RateLimitError
    from llmaas.errors import StreamError as StreamError
    from llmaas.errors import StreamInterrupted as StreamInterrupted
    from llmaas.errors import StreamTimeoutError as StreamTimeoutError
    from llmaas.errors import UnprocessableEntityError as UnprocessableEntityError


def _table() -> ErrorTable:
    from langchain_core import exceptions as lc

    from llmaas import errors as core

    return {
        core.MissingAPIKeyError: lc.ModelAuthenticationError,
        core.InvalidInputError: lc.ModelInvalidRequestError,
        core.APIError: lc.ModelError,
        core.BadRequestError: lc.ModelInvalidRequestError,
        core.ContextOverflowError: lc.ContextOverflowError,
        core.AuthenticationError: lc.ModelAuthenticationError,
        core.PermissionDeniedError: lc.ModelPermissionDeniedError,
        core.NotFoundError: lc.ModelNotFoundError,
        core.ConflictError: lc.ModelAPIError,
        core.PayloadTooLargeError: lc.ModelInvalidRequestError,
        core.UnprocessableEntityError: lc.ModelInvalidRequestError,
        core.RateLimitError: lc.ModelRateLimitError,
        core.InternalServerError: lc.ModelAPIError,
        core.APIConnectionError: lc.ModelConnectionError,
        core.APITimeoutError: lc.ModelTimeoutError,
        core.StreamInterrupted: lc.ModelConnectionError,
        core.StreamTimeoutError: lc.ModelTimeoutError,
        core.StreamError: lc.ModelAPIError,
        core.InvalidResponseError: lc.ModelAPIError,
    }


translate_errors = bridge_errors(_table, module=__name__)
__getattr__ = translate_errors.find_class
