"""Demo: one question answered over real documents by every framework.

``llmaas demo`` runs it. A framework registers by an entry point; see ``llmaas_cli.demo.interface``.
"""

from llmaas_cli.demo.documents import Document, load_documents
from llmaas_cli.demo.interface import DemoFunction, DemoResult, DemoSettings, Source
from llmaas_cli.demo.passages import Passage, split
from llmaas_cli.demo.prompt import QUESTIONS, build_messages
from llmaas_cli.demo.runner import frameworks, run
from llmaas_cli.endpoint import Endpoint, open_endpoint

__all__ = [
    "QUESTIONS",
    "DemoFunction",
    "DemoResult",
    "DemoSettings",
    "Document",
    "Endpoint",
    "Passage",
    "Source",
    "build_messages",
    "frameworks",
    "load_documents",
    "open_endpoint",
    "run",
    "split",
]
