"""Content security policy that limits browsers to this app's address."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

# Gradio's page contains inline scripts and styles. The policy restricts addresses only.
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' blob:; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; form-action 'self'"
)
CSS = """
button[aria-label='Share'] { display: none }
button.example { border: 1px solid var(--border-color-primary) }
"""
"""Hides Gradio's share button, which uploads to a public site (the policy blocks it too)."""


class ClosedPage:
    """ASGI middleware that adds the policy to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward the request and add the header to the response."""

        async def send_on(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", POLICY.encode())
                message["headers"] = [*message.get("headers", ()), policy]
            await send(message)

        await self.app(scope, receive, send_on)
