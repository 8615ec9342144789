"""Input from the network, from models and from files is never executed.

Every module of every room is read: no evaluation, no unpickling, no loader that makes objects,
no shell, no trust switched off, no temporary name that somebody else may take.
"""

import ast

import pytest

from tests.helpers.repository import PACKAGES, ROOT

CALLS = {
    "eval": "evaluates text",
    "exec": "runs text",
    "compile": "makes code of text",
    "__import__": "imports by name",
    "pickle.load": "makes any object",
    "pickle.loads": "makes any object",
    "pickle.Unpickler": "makes any object",
    "marshal.load": "makes code",
    "marshal.loads": "makes code",
    "shelve.open": "unpickles",
    "dill.loads": "makes any object",
    "cloudpickle.loads": "makes any object",
    "jsonpickle.decode": "makes any object",
    "yaml.load": "makes any object, unless told SafeLoader: use safe_load",
    "yaml.load_all": "makes any object: use safe_load_all",
    "yaml.unsafe_load": "makes any object",
    "yaml.full_load": "makes objects",
    "os.system": "asks a shell",
    "os.popen": "asks a shell",
    "subprocess.getoutput": "asks a shell",
    "subprocess.getstatusoutput": "asks a shell",
    "asyncio.create_subprocess_shell": "asks a shell",
    "tempfile.mktemp": "gives a name that somebody else may take",
    "ssl._create_unverified_context": "trusts everybody",
    "torch.load": "unpickles",
    "joblib.load": "unpickles",
    "xml.etree.ElementTree.parse": "expands entities",
    "xml.etree.ElementTree.fromstring": "expands entities",
    "xml.sax.parse": "expands entities",
}
MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle", "pty"}
"""What nothing in the rooms has to import."""

SWITCHES = {
    "shell": (True, "asks a shell"),
    "allow_pickle": (True, "unpickles"),
    "verify": (False, "trusts everybody"),
    "check_hostname": (False, "trusts every host"),
    "follow_redirects": (True, "may carry the key elsewhere"),
    "allow_redirects": (True, "may carry the key elsewhere"),
    "trust_remote_code": (True, "runs what it downloads"),
    "allow_dangerous_deserialization": (True, "unpickles"),
    "unsafe": (True, "makes any object"),
}
EXCUSE = "# trusted:"
"""Said on the line, with the reason, where one of these is right."""

each_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)


def dotted(node):
    """Return the name that is called, as it is written."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def real_names(tree):
    """Return what each imported name stands for, so that an alias hides nothing."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def faults(text):
    """Yield (line number, what is wrong) of a module."""
    tree, lines = ast.parse(text), text.splitlines()
    aliases = real_names(tree)
    for node in ast.walk(tree):
        for what in faults_of(node, aliases):
            if EXCUSE not in lines[node.lineno - 1]:
                yield node.lineno, what


def faults_of(node, aliases):
    if isinstance(node, ast.Call):
        first, _, rest = dotted(node.func).partition(".")
        name = aliases.get(first, first) + (f".{rest}" if rest else "")
        if why := CALLS.get(name):
            yield f"{name} {why}"
        for keyword in node.keywords:
            value, why = SWITCHES.get(keyword.arg, (None, ""))
            if value is not None and getattr(keyword.value, "value", None) is value:
                yield f"{keyword.arg}={value} {why}"
    elif isinstance(node, ast.Import | ast.ImportFrom):
        names = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        yield from (f"imports {name}" for name in names if name in MODULES)
    elif isinstance(node, ast.Attribute) and node.attr in (
        "CERT_NONE",
        "_create_unverified_context",
    ):
        yield f"{node.attr} trusts everybody"
    elif isinstance(node, ast.Assign) and getattr(node.value, "value", None) is False:
        targets = [t.attr for t in node.targets if isinstance(t, ast.Attribute)]
        yield from (f"{name} is switched off" for name in targets if name == "check_hostname")


@each_package
def test_package_executes_no_input(package):
    found = [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path in package.modules
        for line, what in faults(path.read_text())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "eval(answer)",
        "exec(answer.text)",
        "import pickle",
        "from pickle import loads",
        "import yaml as y; y.load(text)",
        "from yaml import load\nload(text)",
        "import yaml\nyaml.load(text, Loader=yaml.Loader)",
        "import subprocess\nsubprocess.run(text, shell=True)",
        "from os import system\nsystem(text)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "import ssl\ncontext.verify_mode = ssl.CERT_NONE",
        "context.check_hostname = False",
        "client.get(url, follow_redirects=True)",
        "client(verify=False)",
    ],
)
def test_trust_check_finds(line):
    assert list(faults(line))


@pytest.mark.parametrize(
    "line",
    [
        "model.eval()",
        "re.compile(text)",
        "import yaml\nyaml.safe_load(text)",
        "import subprocess\nsubprocess.run([text], shell=False)",
        "import json\njson.loads(text)",
        "eval(x)  # trusted: x is a constant of ours",
    ],
)
def test_trust_check_accepts(line):
    assert not list(faults(line))
