"""Make's expressions (IML), as far as the app and the blueprint of the cookbooks use them.

A name or a function that is not known here is an error: what the platform does with it would be
a guess. Evaluation is eager, as that of function arguments is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.cookbooks.make.iml_functions import FUNCTIONS, UNDEFINED, add, number, text, truth

TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>'[^']*'|"[^"]*")
  | (?P<quoted>`[^`]*`)
  | (?P<module>\d+(?=\.[A-Za-z`]))
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<sign>===?|!==?|<=|>=|&&|\|\||[-+*/%=<>!()\[\],;.])
)""",
    re.VERBOSE,
)
KEYWORDS: Mapping[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "ignore": UNDEFINED,
    "emptystring": "",
}
LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("=", "==", "===", "!=", "!=="),
    ("<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "/", "%"),
)


class ImlError(ValueError):
    """An expression that cannot be read, or names what is not known."""


def render(template: Any, scope: Mapping[str, Any]) -> Any:
    """Fill in a template: a lone expression keeps its type, a key without a value is left out."""
    if isinstance(template, Mapping):
        filled = {key: render(value, scope) for key, value in template.items()}
        return {key: value for key, value in filled.items() if value is not UNDEFINED}
    if isinstance(template, list):
        return [item for one in template if (item := render(one, scope)) is not UNDEFINED]
    if not isinstance(template, str):
        return template
    values = [
        evaluate(part, scope) if is_code else part for part, is_code in parts(template) if part
    ]
    return values[0] if len(values) == 1 else "".join(map(text, values))


def parts(template: str) -> list[tuple[str, bool]]:
    """Cut a template into texts and expressions; braces inside quotes close nothing."""
    cut: list[tuple[str, bool]] = []
    rest = template
    while "{{" in rest:
        before, _, rest = rest.partition("{{")
        end = re.match(r"""(?:'[^']*'|"[^"]*"|`[^`]*`|(?!}})[^'"`])*""", rest)
        if end is None or rest[end.end() : end.end() + 2] != "}}":
            raise ImlError(f"not closed: {template}")
        cut += [(before, False), (rest[: end.end()], True)]
        rest = rest[end.end() + 2 :]
    return [*cut, (rest, False)]


def evaluate(code: str, scope: Mapping[str, Any]) -> Any:
    """Return the value of one expression."""
    reader = Reader(code, scope)
    value = reader.level(0)
    if reader.kind:
        raise ImlError(f"{reader.token!r} is left over in: {code}")
    return value


class Reader:
    """A recursive descent over the tokens, which evaluates as it reads."""

    def __init__(self, code: str, scope: Mapping[str, Any]) -> None:
        self.code, self.scope, self.at = code.rstrip(), scope, 0
        self.kind, self.token = "", ""
        self.next()

    def next(self) -> str:
        """Move on; return the token that was current."""
        old = self.token
        if self.at == len(self.code):
            self.kind, self.token = "", ""
            return old
        match = TOKEN.match(self.code, self.at)
        if match is None or match.lastgroup is None:
            raise ImlError(f"unreadable at {self.code[self.at :]!r}")
        self.kind, self.token, self.at = match.lastgroup, match[match.lastgroup], match.end()
        return old

    def take(self, *signs: str) -> str:
        """Move on if one of these signs is current; return it, or an empty text."""
        return self.next() if self.kind == "sign" and self.token in signs else ""

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise ImlError(f"{sign!r} is missing before {self.token!r} in: {self.code}")

    def level(self, index: int) -> Any:
        if index == len(LEVELS):
            return self.unary()
        value = self.level(index + 1)
        while sign := self.take(*LEVELS[index]):
            value = BINARY[sign](value, self.level(index + 1))
        return value

    def unary(self) -> Any:
        if self.take("!"):
            return not truth(self.unary())
        if self.take("-"):
            return -number(self.unary())
        return self.path(self.primary())

    def primary(self) -> Any:
        kind, token = self.kind, self.next()
        if kind == "string":
            return token[1:-1]
        if kind == "number":
            return float(token) if "." in token else int(token)
        if kind == "sign" and token == "(":
            value = self.level(0)
            self.need(")")
            return value
        if kind == "name" and self.take("("):
            return self.call(token)
        return self.named(kind, token)

    def named(self, kind: str, token: str) -> Any:
        if kind == "name" and token in KEYWORDS:
            return KEYWORDS[token]
        if kind not in ("name", "module") or token not in self.scope:
            raise ImlError(f"{token!r} is not known in: {self.code}")
        return self.scope[token]

    def call(self, name: str) -> Any:
        arguments: list[Any] = []
        while not self.take(")"):
            arguments.append(self.level(0))
            if not self.take(",", ";"):
                self.need(")")
                break
        if name not in FUNCTIONS:
            raise ImlError(f"the function {name} is not known")
        return FUNCTIONS[name](*arguments)

    def path(self, value: Any) -> Any:
        while sign := self.take(".", "["):
            if sign == ".":
                key = self.next().strip("`")
                value = value.get(key, UNDEFINED) if isinstance(value, Mapping) else UNDEFINED
            else:
                value = item(value, int(number(self.level(0))))
                self.need("]")
        return value


def item(value: Any, position: int) -> Any:
    """Return an item of a list; the first is number 1."""
    if isinstance(value, list) and 0 < position <= len(value):
        return value[position - 1]
    return UNDEFINED


def equal(one: Any, other: Any) -> bool:
    return (type(one) is type(other) and one == other) or numbers_are_equal(one, other)


def numbers_are_equal(one: Any, other: Any) -> bool:
    plain = (int, float)
    both = isinstance(one, plain) and isinstance(other, plain)
    return both and not isinstance(one, bool) and not isinstance(other, bool) and one == other


def divide(one: Any, other: Any) -> float:
    return number(one) / number(other) if number(other) else float("nan")


BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "||": lambda one, other: one if truth(one) else other,
    "&&": lambda one, other: other if truth(one) else one,
    **dict.fromkeys(("=", "==", "==="), equal),
    **dict.fromkeys(("!=", "!=="), lambda one, other: not equal(one, other)),
    "<": lambda one, other: number(one) < number(other),
    "<=": lambda one, other: number(one) <= number(other),
    ">": lambda one, other: number(one) > number(other),
    ">=": lambda one, other: number(one) >= number(other),
    "+": add,
    "-": lambda one, other: number(one) - number(other),
    "*": lambda one, other: number(one) * number(other),
    "/": divide,
    "%": lambda one, other: number(one) % number(other),
}
