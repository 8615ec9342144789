"""Functions from dataset to dataset, all lazy: Ray streams the rows through them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from llmaas._errors_base import ConfigurationError
from llmaas.ray import stages

if TYPE_CHECKING:
    import numpy
    import pyarrow as pa
    from ray.data import Dataset

ROWS = 64
"""Rows that an actor takes at a time; it works on several such batches at once."""


def chat(
    dataset: Dataset,
    *,
    model: str,
    actors: int | tuple[int, int] = 1,
    batch_size: int = ROWS,
    **options: Any,
) -> Dataset:
    """Answer the prompts of a dataset.

    ``actors`` is how many workers there are, or the smallest and the largest number.
    ``options`` and the new columns are those of ``Chat``.
    """
    return _staged(stages.Chat, dataset, actors, batch_size, model=model, **options)


def embed(
    dataset: Dataset,
    *,
    model: str,
    actors: int | tuple[int, int] = 1,
    batch_size: int = 256,
    **options: Any,
) -> Dataset:
    """Embed the texts of a dataset; ``options`` and the new columns are those of ``Embed``."""
    return _staged(stages.Embed, dataset, actors, batch_size, model=model, **options)


def rerank(
    dataset: Dataset,
    *,
    model: str,
    actors: int | tuple[int, int] = 1,
    batch_size: int = ROWS,
    **options: Any,
) -> Dataset:
    """Rank the documents of each row; ``options`` and the new columns are those of ``Rerank``."""
    return _staged(stages.Rerank, dataset, actors, batch_size, model=model, **options)


def remaining(
    dataset: Dataset, written: Dataset, *, key: str = "id", retry_errors: bool = False
) -> Dataset:
    """Leave out the rows whose ``key`` is among the rows that an earlier run has written.

    ``written`` is what Ray reads from the parts of that run, for instance
    ``ray.data.read_parquet(folder)``. With ``retry_errors``, rows that failed count as not
    written.
    """
    import numpy

    columns = [key, "error"] if retry_errors else [key]
    tables = written.select_columns(columns).iter_batches(batch_format="pyarrow")
    keys = [_keys(table, key, retry_errors) for table in tables]
    done = numpy.concatenate(keys) if keys else numpy.array([])
    if not len(done):
        return dataset
    return dataset.map_batches(partial(_undone, key=key, done=done), batch_format="pyarrow")


def _keys(table: pa.Table, key: str, retry_errors: bool) -> numpy.ndarray[Any, Any]:
    if retry_errors:
        table = table.filter(table.column("error").is_null())
    keys: numpy.ndarray[Any, Any] = table.column(key).to_numpy()
    return keys


def _undone(table: pa.Table, *, key: str, done: numpy.ndarray[Any, Any]) -> pa.Table:
    import numpy

    return table.filter(~numpy.isin(table.column(key).to_numpy(), done))


def _staged(
    stage: type[stages.Stage],
    dataset: Dataset,
    actors: int | tuple[int, int],
    batch_size: int,
    **options: Any,
) -> Dataset:
    fewest, most = (actors, actors) if isinstance(actors, int) else actors
    if not 1 <= fewest <= most:
        raise ConfigurationError(f"actors must be positive, got {actors!r}.")
    from ray.data import ActorPoolStrategy

    return dataset.map_batches(
        stage,
        fn_constructor_kwargs=options,
        batch_size=batch_size,
        batch_format="pyarrow",
        zero_copy_batch=True,
        compute=ActorPoolStrategy(min_size=fewest, max_size=most),
    )
