"""Errors that belong to the core's hierarchy and to that of a framework."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from llmaas import errors as core
from llmaas.adapters import bridge_errors


class TheirError(RuntimeError):
    """The root of a framework's errors, which words itself."""

    def __str__(self):
        return "theirs"


class TheirRateLimitError(TheirError):
    """A narrower one."""


class TheirAuthError(TheirError):
    """Another."""


class TheirTimeoutError(TheirError):
    """Not a connection error, unlike the core's."""


class TheirConnectionError(TheirError):
    """Another."""


def _fill(joined, error, *, model="?"):
    joined.model_name = model


def _table():
    return {
        core.APIError: TheirError,
        core.AuthenticationError: (TheirAuthError, KeyError),
        core.RateLimitError: TheirRateLimitError,
        core.APIConnectionError: TheirConnectionError,
        core.APITimeoutError: TheirTimeoutError,
        core.MissingAPIKeyError: TheirAuthError,
        core.InternalServerError: lambda error: (
            TheirTimeoutError if error is not None and error.status_code == 504 else TheirError
        ),
    }


translate_errors = bridge_errors(
    _table, module=__name__, names={"RateLimitError": "TooFast"}, prefix="My", fill=_fill
)
__getattr__ = translate_errors.find_class


def failing(kind, **facts):
    return kind.build("It failed.", status_code=429, request_id="r-1", **facts)


def raised(error, **context):
    with pytest.raises(type(error)) as caught, translate_errors(**context):
        raise error
    return caught.value


def test_bridge_raises_errors_of_both_hierarchies():
    error = raised(failing(core.RateLimitError, retry_after=7.0))
    assert isinstance(error, core.RateLimitError)
    assert isinstance(error, TheirRateLimitError)
    assert (error.retry_after, error.request_id, error.status_code) == (7.0, "r-1", 429)
    assert str(error).startswith("It failed. ")
    assert error.hint in str(error)


def test_bridge_uses_the_nearest_ancestor_when_a_class_is_not_in_the_table():
    error = raised(failing(core.ContextOverflowError))
    assert isinstance(error, core.ContextOverflowError)
    assert isinstance(error, TheirError)
    assert type(error).__name__ == "MyContextOverflowError"


def test_bridge_joins_several_classes():
    error = raised(failing(core.AuthenticationError))
    assert isinstance(error, TheirAuthError)
    assert isinstance(error, KeyError)


def test_bridge_chooses_the_class_by_the_error():
    assert isinstance(
        raised(core.InternalServerError.build("no", status_code=504)), TheirTimeoutError
    )
    assert not isinstance(raised(failing(core.InternalServerError)), TheirTimeoutError)


@pytest.mark.parametrize("error", [KeyError("a"), core.BudgetExceededError("b"), TheirError("c")])
def test_bridge_leaves_errors_alone_that_the_table_lacks(error):
    assert translate_errors.translate(error) is error
    assert raised(error) is error


def test_bridge_leaves_its_own_errors_alone():
    error = raised(failing(core.RateLimitError))
    assert translate_errors.translate(error) is error
    assert raised(error) is error


def test_bridge_lets_cancellation_through():
    with pytest.raises(KeyboardInterrupt), translate_errors:
        raise KeyboardInterrupt


def test_joined_classes_keep_the_hierarchy_that_both_have():
    assert issubclass(__getattr__("MyNotFoundError"), __getattr__("MyAPIStatusError"))
    assert issubclass(__getattr__("MyModelNotFoundError"), __getattr__("MyNotFoundError"))
    assert not issubclass(__getattr__("MyAPITimeoutError"), TheirConnectionError)
    assert not issubclass(__getattr__("MyAPITimeoutError"), __getattr__("MyAPIConnectionError"))


def test_joined_class_is_found_by_name_and_always_the_same():
    error = raised(failing(core.RateLimitError))
    assert type(error) is __getattr__("TooFast") is sys.modules[__name__].TooFast
    assert type(error).__module__ == __name__
    assert type(error).__doc__ == core.RateLimitError.__doc__
    assert repr(error) == "TooFast('It failed.')"


@pytest.mark.parametrize("name", ["MyBudgetExceededError", "RateLimit", "MyAny", "__path__"])
def test_unknown_name_is_an_attribute_error(name):
    with pytest.raises(AttributeError, match=name):
        __getattr__(name)


@pytest.mark.parametrize("copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])
def test_joined_error_survives_pickling(copied):
    error = raised(failing(core.RateLimitError, retry_after=7.0), model="m")
    again = copied(error)
    assert type(again) is type(error)
    assert (again.retry_after, again.model_name, str(again)) == (7.0, "m", str(error))


def test_missing_key_survives_pickling_as_a_value_error():
    again = pickle.loads(pickle.dumps(raised(core.MissingAPIKeyError())))
    assert isinstance(again, TheirAuthError)
    assert isinstance(again, ValueError)
    assert "LLMAAS_API_KEY" in str(again.args)


def test_cause_is_that_of_the_core_s_error_and_the_frames_stay():
    def ask():
        raise failing(core.APIConnectionError) from OSError("reset")

    with pytest.raises(TheirConnectionError) as caught, translate_errors:
        ask()
    assert type(caught.value.__cause__) is OSError
    assert "in ask" in "".join(traceback.format_exception(caught.value))


def test_cause_is_the_core_s_error_when_it_is_kept():
    bridge = bridge_errors(_table(), module=__name__, keep_original=True)
    with pytest.raises(TheirRateLimitError) as caught, bridge:
        raise failing(core.RateLimitError)
    assert type(caught.value.__cause__) is core.RateLimitError


def test_user_subclass_of_a_joined_class_is_left_alone():
    kind = type("Own", (__getattr__("TooFast"),), {})
    error = kind.build("no", status_code=429)
    assert translate_errors.translate(error) is error


def test_error_of_another_bridge_belongs_to_all_hierarchies_of_this_one():
    other = bridge_errors({core.APIError: ArithmeticError}, module=__name__)
    error = other.translate(raised(failing(core.RateLimitError)))
    assert isinstance(error, ArithmeticError)
    assert isinstance(error, core.RateLimitError)
    assert not isinstance(error, TheirError)


async def test_bridge_serves_coroutines_and_generators():
    async def pieces():
        with translate_errors:
            yield 1
            raise failing(core.RateLimitError)

    with pytest.raises(TheirRateLimitError):
        [piece async for piece in pieces()]


def test_threads_share_one_class():
    bridge = bridge_errors({core.APIError: TheirError}, module=__name__)
    with ThreadPoolExecutor(16) as pool:
        kinds = pool.map(lambda _: bridge.find_class("ConflictError"), range(64))
    assert len(set(kinds)) == 1


def test_building_a_bridge_imports_no_sdk():
    code = (
        "import sys; from llmaas.adapters import bridge_errors;"
        "bridge_errors(dict, module='m'); assert 'openai' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
