"""Lazy transformations of datasets: Ray streams the rows through them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from llmaas._errors_base import ConfigurationError
from llmaas.model_names import ChatModelName, EmbeddingModelName, RerankModelName
from llmaas.ray import stages

if TYPE_CHECKING:
    import numpy
    import pyarrow as pa
    from ray.data import Dataset

BATCH_SIZE = 64
"""Rows that Ray passes to an actor at once; it works on several batches concurrently."""


def chat(
    dataset: Dataset,
    *,
    model: ChatModelName,
    actors: int | tuple[int, int] = 1,
    batch_size: int = BATCH_SIZE,
    **options: object,
) -> Dataset:
    """Answer the prompts of a dataset.

    ``actors`` is the number of workers, or the minimum and the maximum.
    ``options`` and the new columns are those of ``Chat``.
    """
    return _apply_stage(stages.Chat, dataset, actors, batch_size, model=model, **options)


def embed(
    dataset: Dataset,
    *,
    model: EmbeddingModelName,
    actors: int | tuple[int, int] = 1,
    batch_size: int = 256,
    **options: object,
) -> Dataset:
    """Embed the texts of a dataset; ``options`` and the new columns are those of ``Embed``."""
    return _apply_stage(stages.Embed, dataset, actors, batch_size, model=model, **options)


def rerank(
    dataset: Dataset,
    *,
    model: RerankModelName,
    actors: int | tuple[int, int] = 1,
    batch_size: int = BATCH_SIZE,
    **options: object,
) -> Dataset:
    """Rank the documents of each row; ``options`` and the new columns are those of ``Rerank``."""
    return _apply_stage(stages.Rerank, dataset, actors, batch_size, model=model, **options)


def remaining(
    dataset: Dataset, written: Dataset, *, key: str = "id", retry_errors: bool = False
) -> Dataset:
    """Drop the rows whose ``key`` an earlier run has written.

    ``written`` is the output of that run, for instance ``ray.data.read_parquet(folder)``. With
    ``retry_errors``, failed rows count as not written.
    """
    import numpy

    columns = [key, "error"] if retry_errors else [key]
    tables = written.select_columns(columns).iter_batches(batch_format="pyarrow")
    keys = [_read_keys(table, key, retry_errors) for table in tables]
    done = numpy.concatenate(keys) if keys else numpy.array([])
    if not len(done):
        return dataset
    return dataset.map_batches(partial(_drop_done, key=key, done=done), batch_format="pyarrow")


def _read_keys(table: pa.Table, key: str, retry_errors: bool) -> numpy.ndarray[Any, Any]:
    if retry_errors:
        table = table.filter(table.column("error").is_null())
    keys: numpy.ndarray[Any, Any] = table.column(key).to_numpy()
    return keys


def _drop_done(table: pa.Table, *, key: str, done: numpy.ndarray[Any, Any]) -> pa.Table:
    import numpy

    return table.filter(~numpy.isin(table.column(key).to_numpy(), done))


def _apply_stage(
    stage: type[stages.Stage],
    dataset: Dataset,
    actors: int | tuple[int, int],
    batch_size: int,
    **options: object,
) -> Dataset:
    minimum, maximum = (actors, actors) if isinstance(actors, int) else actors
    if not 1 <= minimum <= maximum:
        raise ConfigurationError(f"actors must be >= 1 or (minimum, maximum), got {actors!r}.")
    from ray.data import ActorPoolStrategy

    return dataset.map_batches(
        stage,
        fn_constructor_kwargs=options,
        batch_size=batch_size,
        batch_format="pyarrow",
        zero_copy_batch=True,
        compute=ActorPoolStrategy(min_size=minimum, max_size=maximum),
    )
