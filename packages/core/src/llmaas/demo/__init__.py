"""A question answered over real documents: the same task for every framework.

``llmaas demo`` runs it. A framework joins by an entry point; see ``llmaas.demo.contract``.
"""

from llmaas.demo.backend import Backing, backing
from llmaas.demo.contract import DemoFunction, DemoResult, DemoSettings, Source
from llmaas.demo.documents import Document, load_documents
from llmaas.demo.passages import Passage, split
from llmaas.demo.prompt import QUESTIONS, messages_for
from llmaas.demo.runner import frameworks, run

__all__ = [
    "QUESTIONS",
    "Backing",
    "DemoFunction",
    "DemoResult",
    "DemoSettings",
    "Document",
    "Passage",
    "Source",
    "backing",
    "frameworks",
    "load_documents",
    "messages_for",
    "run",
    "split",
]
