"""The one place where errors of the core become LangChain's as well."""

from __future__ import annotations

from types import TracebackType


class Seam:
    """``with SEAM:`` around what calls the core; one object serves all."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception):
            return
        from langchain_llmaas.errors import combined

        same = combined(error)
        if same is not error:
            raise same from error.__cause__


SEAM = Seam()
