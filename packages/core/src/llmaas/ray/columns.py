"""Columns that stages add, with Arrow types that are equal in every block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from llmaas._errors_base import ConfigurationError, InvalidInputError
from llmaas.types import Completion

if TYPE_CHECKING:
    import pyarrow as pa

Fields: TypeAlias = Mapping[str, str]
"""Column names and the names of their types in ``_arrow_types``."""

CHAT: Fields = {
    "answer": "text",
    "reasoning": "text",
    "tool_calls": "text",
    "finish_reason": "text",
    "model": "text",
    "prompt_tokens": "count",
    "completion_tokens": "count",
    "cost_eur": "amount",
    "attempts": "count",
    "machine": "text",
    "error": "text",
}
EMBED: Fields = {"embedding": "vector", "cost_eur": "amount", "error": "text"}
RERANK: Fields = {"ranking": "ranking", "cost_eur": "amount", "error": "text"}


def to_table(batch: Any) -> pa.Table:
    """Convert a batch in any format of Ray Data to an Arrow table."""
    arrow = arrow_library()
    if isinstance(batch, arrow.Table):
        return batch
    if isinstance(batch, Mapping):
        return arrow.table({name: _to_list(values) for name, values in batch.items()})
    return arrow.Table.from_pandas(batch, preserve_index=False)


def to_values(table: pa.Table, column: str) -> list[Any]:
    """Convert a column to Python values. Raises ``InvalidInputError`` if it is missing."""
    if column not in table.column_names:
        names = ", ".join(table.column_names)
        raise InvalidInputError(f"column must be one of the dataset's ({names}), got {column!r}.")
    return [_without_nulls(value) for value in table.column(column).to_pylist()]


def extend(table: pa.Table, results: list[dict[str, Any]], fields: Fields) -> pa.Table:
    """Add the columns of a stage; replace columns of the same name."""
    arrow, types = arrow_library(), _arrow_types()
    for name, kind in fields.items():
        values = arrow.array([result.get(name) for result in results], types[kind])
        if name in table.column_names:
            table = table.drop_columns([name])
        table = table.append_column(name, values)
    return table


def to_usage_columns(completion: Completion | None) -> dict[str, object]:
    """Build the columns of tokens and cost; empty if the service did not report usage."""
    if completion is None or completion.usage is None:
        return {}
    usage = completion.usage
    tokens = {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
    return {**tokens, "cost_eur": completion.cost}


def arrow_library() -> Any:
    """Import pyarrow, which comes with Ray Data."""
    try:
        import pyarrow
    except ImportError as error:
        raise ConfigurationError("llmaas.ray needs Ray Data: pip install 'llmaas[ray]'") from error
    return pyarrow


def _arrow_types() -> dict[str, Any]:
    arrow = arrow_library()
    rank = arrow.struct([("index", arrow.int64()), ("relevance_score", arrow.float64())])
    return {
        "text": arrow.string(),
        "count": arrow.int64(),
        "amount": arrow.float64(),
        "vector": arrow.list_(arrow.float32()),
        "ranking": arrow.list_(rank),
    }


def _to_list(values: Any) -> object:
    return values.tolist() if hasattr(values, "tolist") else values


def _without_nulls(value: object) -> object:
    """Remove the keys that Arrow filled in because messages of other rows have them."""
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
