"""LangChain's standard suite with the stock `langchain_openai` client."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from checks import done

SUITE = """
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests


class TestStock(ChatModelIntegrationTests):
    chat_model_class = ChatOpenAI
    chat_model_params = {"model": "gemma4:31b", "stream_usage": True}
    supports_image_inputs = False  # the suite fetches its picture from the internet
    returns_usage_metadata = True
    has_structured_output = True
"""

with tempfile.TemporaryDirectory() as folder:
    Path(folder, "test_stock.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-o", "asyncio_mode=auto", "-o", "asyncio_default_test_loop_scope=session", folder]
    told = subprocess.run(command, capture_output=True, text=True, cwd=folder).stdout
failed = re.findall(r"^FAILED .*::(\w+)", told, re.MULTILINE)
counts = {kind: int(n) for n, kind in re.findall(r"(\d+) (passed|failed|skipped|xfailed)", told)}
assert counts.get("passed"), told[-3000:]
assert not failed, told[-3000:]
passed, skipped = counts["passed"], counts.get("skipped", 0)
done("langchain-openai", f"standard suite: {passed} passed, {skipped} skipped")
