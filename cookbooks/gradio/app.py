"""Chat with text, images and audio: run ``python app.py`` and open the printed address."""

from __future__ import annotations

import gradio as gr
from gradio.components.multimodal_textbox import MultimodalValue
from starlette.middleware import Middleware

import models
from closed import CSS, ClosedPage
from llmaas import AsyncLLMaaS
from llmaas_cli.demo import Endpoint, open_endpoint
from look import THEME
from talk import Talk

SANDBOX_PACE = 40.0
"""Tokens per second of the embedded sandbox, slow enough to show streaming."""

EXAMPLES: list[MultimodalValue] = [
    {"text": "Why can the answer of a reasoning model come back empty?"},
    {"text": 'Say "Bonjour à tous"'},
]


def main() -> None:
    """Serve the app on localhost until it is interrupted."""
    with open_endpoint(tokens_per_second=SANDBOX_PACE) as where:
        client = AsyncLLMaaS(api_key=where.api_key, base_url=where.base_url)
        page = interface(Talk(client), where)
        page.launch(
            server_name="127.0.0.1",  # GRADIO_SERVER_PORT sets the port
            theme=THEME,
            css=CSS,
            app_kwargs={"middleware": [Middleware(ClosedPage)]},
            share=False,
            ssr_mode=False,
            enable_monitoring=False,
            run_history=False,
            footer_links=[],
            max_file_size="20mb",
            quiet=True,  # otherwise Gradio advertises a public tunnel
            prevent_thread_lock=True,
        )
        print(f"Open {page.local_url} ({where.description} answers)", flush=True)
        page.block_thread()


def interface(talk: Talk, where: Endpoint) -> gr.ChatInterface:
    """Build the page."""
    return gr.ChatInterface(
        talk.respond,
        multimodal=True,
        textbox=gr.MultimodalTextbox(
            placeholder="Write, drop a picture, or speak",
            file_types=["image", "audio"],
            file_count="multiple",
            sources=["upload", "microphone"],
            stop_btn=True,
        ),
        chatbot=gr.Chatbot(height="58vh", show_label=False, allow_tags=False, buttons=["copy"]),
        title="LLMaaS: text, pictures and speech",
        description=introduction(where),
        additional_inputs=[
            gr.Dropdown(models.choices(where), value=models.CHAT_MODEL, label="Model")
        ],
        additional_inputs_accordion=gr.Accordion("Options", open=True),
        examples=[[example, None] for example in EXAMPLES],  # None keeps the chosen model
        analytics_enabled=False,
        api_visibility="private",
        concurrency_limit=16,
        delete_cache=(3600, 24 * 3600),  # seconds; deletes uploads after one day at most
    )


def introduction(where: Endpoint) -> str:
    """Describe the endpoint, so that users recognize the sandbox."""
    if where.is_sandbox:
        return "Answered by the embedded sandbox: it only quotes. Set `LLMAAS_API_KEY` for more."
    return f"Answered by `{where.base_url}`."


if __name__ == "__main__":
    main()
