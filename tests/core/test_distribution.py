"""Dependencies of the client's distribution, and its IPython hook."""

import pkgutil
import subprocess
import sys
from importlib.metadata import requires

from packaging.requirements import Requirement

import llmaas

WITHOUT_CLI = """
import sys

class Missing:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "llmaas_cli":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing)
"""
OPTIONAL = ("llmaas.ray", "llmaas.documents", "llmaas.realtime")


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_client_requires_three_distributions():
    needed = [Requirement(text) for text in requires("llmaas")]
    assert {one.name for one in needed if one.marker is None} == {"aiohttp", "jiter", "openai"}


def test_client_imports_nothing_of_the_cli():
    found = pkgutil.walk_packages(llmaas.__path__, "llmaas.", onerror=lambda name: None)
    modules = [one.name for one in found if not one.name.startswith(OPTIONAL)]
    assert len(modules) > 100
    blocked = ("llmaas_cli", "llmaas_sandbox", "typer", "rich", "IPython", "mcp")
    block = f"import sys; sys.modules.update(dict.fromkeys({blocked}))\n"
    done = run(block + "\n".join(f"import {name}" for name in modules))
    assert done.returncode == 0, done.stderr


def test_class_of_a_client_loads_no_operation_until_one_is_created():
    loaded = "{m for m in sys.modules if m.startswith(('llmaas.ops.chat', 'llmaas.ops.embed'))}"
    lines = [
        "import sys, llmaas; llmaas.LLMaaS, llmaas.AsyncLLMaaS",
        f"assert not {loaded}, {loaded}",
        "client = llmaas.LLMaaS(api_key='sk-test', base_url='http://127.0.0.1:9', max_retries=0)",
        "try: client.chat('Hello', model='m')",
        "except llmaas.APIConnectionError: pass",
        f"assert {loaded} == {{'llmaas.ops.chat', 'llmaas.ops.chat_request'}}, {loaded}",
    ]
    done = run("\n".join(lines))
    assert done.returncode == 0, done.stderr


def test_load_ext_names_the_package_to_install_when_the_cli_is_missing():
    done = run(WITHOUT_CLI + "import llmaas; llmaas.load_ipython_extension(None)")
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: llmaas-cli is not installed. Run `pip install 'llmaas-cli[jupyter]'`."
    )
