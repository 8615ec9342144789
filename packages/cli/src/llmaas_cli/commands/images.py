"""``llmaas image`` and ``llmaas ocr``: image generation, and text recognition of files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, Force, Out, UseSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmaas import LLMaaS
    from llmaas.documents import DocumentLimits
    from llmaas.types import Completion
    from llmaas_cli.commands.results import ResultWriter

PROMPTS = {
    "markdown": "Convert the document to markdown.",
    "figure": "Parse the figure.",
    "text": "Free OCR.",
}
"""The prompts that deepseek-ocr was trained on."""


def image(
    prompt: Annotated[
        list[str] | None, typer.Argument(help="Description of the image; '-' is stdin.")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The image file; several are numbered.")
    ] = Path("image.png"),
    model: Annotated[str, typer.Option("--model", "-m")] = "z-image:16b",
    size: Annotated[str | None, typer.Option(metavar="WIDTHxHEIGHT")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=10)] = 1,
    force: Force = False,
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Generate images from a prompt and write image files."""
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.inputs import read_argument
    from llmaas_cli.commands.results import check_output, write_bytes
    from llmaas_cli.terminal.output import print_json, print_status

    words = read_argument(prompt)
    targets = [_numbered_path(out, number, count) for number in range(1, count + 1)]
    for target in targets:
        if str(target) != "-":
            check_output(target, force=force)
    options: Any = {"n": count, **({} if size is None else {"size": size})}
    with open_client(sandbox=sandbox, base_url=base_url) as client:
        images = client.generate_images(words, model=model, **options)
    for target, generated in zip(targets, images, strict=False):
        if generated.error is not None:
            print_status(f"{target}: {generated.error}", "red")
            continue
        if generated.data is not None:
            write_bytes(generated.data, target)
        if as_json and str(target) != "-":
            print_json(
                {"out": str(target) if generated.data else None, "url": generated.url}, lines=True
            )
        elif str(target) != "-":
            print_status(
                str(target) if generated.data else f"stored by the service at {generated.url}",
                "dim",
            )
    if any(generated.error for generated in images):
        raise typer.Exit(1)


def ocr(
    inputs: Annotated[list[Path], typer.Argument(help="PDFs, images, or folders of them.")],
    model: Annotated[str, typer.Option("--model", "-m")] = "deepseek-ocr",
    prompt: Annotated[
        str, typer.Option(help="markdown, figure, text, or a prompt of your own.")
    ] = "markdown",
    max_pages: Annotated[
        int, typer.Option(min=1, help="Maximum of pages per file; a longer file is refused.")
    ] = 500,
    max_side: Annotated[
        int, typer.Option(min=64, help="Longest side of a page image, in pixels.")
    ] = 2_048,
    max_tokens: Annotated[
        int, typer.Option(min=1, help="Longest answer per page, in tokens.")
    ] = 4_096,
    out: Out = None,
    force: Force = False,
    sandbox: UseSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Convert scans, photographs and PDFs to Markdown; form feeds separate pages."""
    from llmaas.documents import DocumentLimits
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.inputs import PAGES, find_files
    from llmaas_cli.commands.results import open_results, show_progress

    paths = find_files(inputs, PAGES)
    limits = DocumentLimits(max_pages=max_pages, max_side=max_side)
    with (
        open_client(sandbox=sandbox, base_url=base_url) as client,
        open_results(out, as_json=as_json, has_many=len(paths) > 1, force=force) as writer,
    ):
        for path in show_progress(paths, len(paths), lambda path: path.name):
            pages: list[Completion] = []
            failure: Exception | None = None
            try:
                pages.extend(_read_pages(client, path, limits, model, prompt, max_tokens))
            except Exception as error:
                failure = error
            if pages:  # pages before a failure are billed, so they are kept
                _write_pages(writer, str(path), pages)
            if failure is not None:
                writer.fail(str(path), failure)


def _write_pages(writer: ResultWriter, source: str, pages: list[Completion]) -> None:
    texts = [page.text for page in pages]
    facts = {"text": "\f".join(texts), "pages": len(pages), "model": pages[0].model}
    cost = sum(page.cost_micro_eur or 0 for page in pages)
    writer.add(source, "\n\n".join(texts), facts, cost)


def _read_pages(
    client: LLMaaS, path: Path, limits: DocumentLimits, model: str, prompt: str, max_tokens: int
) -> Iterator[Completion]:
    from llmaas import image_part
    from llmaas.documents import draw_pages

    words = {"type": "text", "text": PROMPTS.get(prompt, prompt)}
    for page in draw_pages(path.read_bytes(), limits):
        content = [image_part(page), words]
        messages = [{"role": "user", "content": content}]
        yield client.chat(messages, model=model, temperature=0, max_tokens=max_tokens)


def _numbered_path(out: Path, number: int, count: int) -> Path:
    if count > 1 and str(out) == "-":
        raise ValueError(f"--count must be 1 with --out -, got {count}.")
    return out if count == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")
