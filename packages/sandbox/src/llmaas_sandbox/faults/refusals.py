"""Faults that reject a request: a status, an HTML page, an error envelope."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate

from llmaas_sandbox.errors import ENVELOPES, Refusal, bad_request, status_error
from llmaas_sandbox.faults.parse import Faults, parse_number
from llmaas_sandbox.responder.structured import wants_json


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """HTML error page in place of JSON."""

    status: int
    html: str


def find_refusal(faults: Faults, body: object, now: float) -> Refusal | ErrorPage | None:
    """Return the refusal that the faults demand, or None."""
    if "status" in faults:
        return status_error(_code(faults, "status", 500), _retry_headers(faults, now))
    if "html-error" in faults:
        code = _code(faults, "html-error", 502)
        return ErrorPage(code, error_page(code))
    if "envelope" in faults:
        return _enveloped(faults)
    if "no-response-format" in faults and wants_json(body):
        return bad_request("response_format is not supported by this model", "response_format")
    return None


def error_page(code: int) -> str:
    """Build the error page of a proxy without a backend."""
    return (
        f"<html><head><title>{code}</title></head>"
        f"<body><center><h1>{code} error</h1></center><hr><center>sandbox</center></body></html>"
    )


def _code(faults: Faults, name: str, default: int) -> int:
    code = int(faults.number(name, 0, default))
    if not 200 <= code <= 599:
        raise bad_request(f"Fault '{name}': {code} is not an HTTP status")
    return code


def _enveloped(faults: Faults) -> Refusal:
    shape = faults.argument("envelope", 0, "1")
    if shape not in ENVELOPES:
        raise bad_request(f"Fault 'envelope': no shape '{shape}'")
    return Refusal(int(faults.number("envelope", 1, 400)), ENVELOPES[shape]("The sandbox refuses."))


def _retry_headers(faults: Faults, now: float) -> dict[str, str]:
    form = faults.argument("status", 1, "")
    kind, _, seconds = form.partition("+")
    if not form:
        return {}
    if kind == "date":
        then = now + parse_number("status", seconds or "2")
        return {"retry-after": formatdate(then, usegmt=True)}
    if kind == "reset":
        then = now + parse_number("status", seconds or "2")
        return {"x-ratelimit-reset-requests": str(int(then))}
    if form.endswith("ms"):
        return {"retry-after-ms": form.removesuffix("ms")}
    return {"retry-after": form}
