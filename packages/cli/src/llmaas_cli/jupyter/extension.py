"""IPython hooks for ``%load_ext llmaas`` and ``%unload_ext llmaas``."""

from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Register the magics with an empty conversation."""
    from llmaas_cli.jupyter.magics import LLMaaSMagics

    shell.register_magics(LLMaaSMagics(shell))


def unload_ipython_extension(shell: Any) -> None:
    """Close connections and the sandbox, and remove the magics."""
    from llmaas_cli.jupyter.connection import disconnect

    magics = shell.magics_manager.registry.get("LLMaaSMagics")
    if magics is not None:
        magics.conversation.close()
    disconnect()
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("llmaas", None)
