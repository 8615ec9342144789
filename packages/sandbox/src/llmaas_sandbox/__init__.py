"""Local server that emulates the LLMaaS service: deterministic responses and injected faults."""

from llmaas_sandbox.app import create_app
from llmaas_sandbox.config import Config
from llmaas_sandbox.server import Sandbox

__all__ = ["Config", "Sandbox", "create_app"]
__version__ = "0.1.0"
