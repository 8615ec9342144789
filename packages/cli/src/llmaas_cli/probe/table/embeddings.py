"""Probes of embeddings."""

from llmaas_cli.probe.calls import embed
from llmaas_cli.probe.model import (
    CONFIRMED,
    CONTRADICTED,
    NOT_SUPPORTED,
    Learned,
    Probe,
    Subject,
    rule,
)
from llmaas_cli.probe.table.sources import API, VLLM

TEXTS = ["a price", "a poem"]
E = Subject.EMBEDDING

PROBES = (
    Probe(
        "embed", "embeddings", "Embeddings are lists of numbers, in the order of the texts.",
        API, (embed(TEXTS, encoding_format="float"),),
        (
            rule(CONFIRMED, ok=True, vector_kind="floats", vector_count=2, in_order=True,
                 learns={"embedding_dimensions": Learned("dimensions")}),
            rule(CONTRADICTED, "Nothing to do: the client sorts and decodes them.",
                 ok=True, vector_count=2),
            rule(CONTRADICTED, "Please report it: vectors are missing.", ok=True),
        ), E, ("dimensions", "vector_kind", "is_unit"),
    ),
    Probe(
        "embed-unit", "embeddings", "Vectors have length 1.",
        "no source", (embed(TEXTS),),
        (
            rule(CONFIRMED, "The dot product is the cosine.", ok=True, is_unit=True),
            rule(CONTRADICTED, "Normalize before using dot products.", ok=True,
                 vector_count=lambda n: n > 0),
        ), E, ("dimensions",),
    ),
    Probe(
        "embed-base64", "embeddings", "`encoding_format: base64` holds the same numbers.",
        "the openai SDK asks for it by default",
        (embed(TEXTS, encoding_format="float"), embed(TEXTS, encoding_format="base64")),
        (
            rule(CONFIRMED, ok=True, vector_kind="base64", same_vectors=True,
                 learns={"accepts_base64": True}),
            rule(CONTRADICTED, "Nothing to do: it is ignored, and the client reads both.",
                 ok=True, vector_kind="floats", learns={"accepts_base64": False}),
            rule(NOT_SUPPORTED, "Use encoding_format='float'.", refused=True,
                 learns={"accepts_base64": False}),
            rule(CONTRADICTED, "Please report it: the vectors differ.", ok=True),
        ), E, ("vector_kind", "same_vectors"),
    ),
    Probe(
        "embed-dimensions", "embeddings", "`dimensions` shortens the vectors.",
        "never mentioned by the service", (embed(TEXTS, dimensions=32),),
        (
            rule(CONFIRMED, ok=True, dimensions=32, learns={"accepts_dimensions": True}),
            rule(CONTRADICTED, "It is ignored: do not pass dimensions=.", ok=True,
                 learns={"accepts_dimensions": False}),
            rule(NOT_SUPPORTED, "Do not pass dimensions=.", refused=True,
                 learns={"accepts_dimensions": False}),
        ), E, ("dimensions", "error_message"),
    ),
    Probe(
        "embed-tokens", "embeddings", "Token ids instead of texts are refused.",
        f"{API}; {VLLM} takes them", (embed([[100, 101]]),),
        (
            rule(CONFIRMED, "With LangChain's own class: check_embedding_ctx_length=False.",
                 refused=True, learns={"accepts_token_arrays": False}),
            rule(CONTRADICTED, ok=True, learns={"accepts_token_arrays": True}),
        ), E, ("error_message",),
    ),
    Probe(
        "embed-empty", "embeddings", "An empty text is refused.",
        VLLM, (embed(["a price", ""]),),
        (
            rule(CONFIRMED, "Nothing to do: the client reports it for that text alone.",
                 refused=True),
            rule(CONTRADICTED, ok=True),
        ), E, ("error_message",),
    ),
    Probe(
        "embed-empty-list", "embeddings", "An empty list of texts is refused.",
        VLLM, (embed([]),),
        (
            rule(CONFIRMED, "Nothing to do: the client sends none.", refused=True),
            rule(CONTRADICTED, ok=True),
        ), E, ("error_message",),
    ),
    Probe(
        "embed-long", "embeddings", "A text beyond the window is refused.",
        f"no source; {VLLM}", (embed(["{long_text}"]),),
        (
            rule(CONFIRMED, "Split long texts.", refused=True,
                 client_error="ContextOverflowError",
                 learns={"context_window": Learned("window_named")}),
            rule(CONFIRMED, "Split long texts.", refused=True),
            rule(CONTRADICTED, "Split long texts: their end is cut off silently.", ok=True),
        ), E, ("error_message", "client_error", "window_named"), ("long_text",),
    ),
    Probe(
        "embed-many", "embeddings", "A request may have 2,048 texts.",
        "the OpenAI API reference", (embed(["a"] * 2048),),
        (
            rule(CONFIRMED, ok=True, vector_count=2048, learns={"embedding_batch_limit": 2048}),
            rule(CONTRADICTED, "Lower batch_size=.", refused=True),
            rule(CONTRADICTED, "Please report it: vectors are missing.", ok=True),
        ), E, ("vector_count", "error_message"),
    ),
    Probe(
        "embed-usage", "embeddings", "The usage counts prompt tokens.", API, (embed(TEXTS),),
        (
            rule(CONFIRMED, ok=True, prompt_tokens=lambda n: bool(n)),
            rule(CONTRADICTED, "Costs are estimated.", ok=True),
        ), E, ("prompt_tokens",),
    ),
)  # fmt: skip
