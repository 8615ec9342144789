"""The create and list tests of openai-python itself, from its source distribution."""

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

from checks import KEY, URL, done

NAMES = {
    "gpt-6-astra": "gemma4:31b",
    "gpt-3.5-turbo-instruct": "gemma4:31b",
    "text-embedding-3-small": "bge-m3:567m",
    "tts-1": "tts-3",
    "gpt-4o-transcribe": "whisper-1",
    "gpt-image-1.5": "z-image:16b",
    "gpt-image-2.5-flare": "z-image:16b",
    "My API Key": KEY,
}
AUDIO = b"RIFF,\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80>\0\0\0}\0\0\2\0\x10\0data\x08\0\0\0" + bytes(8)
FILES = ("chat/test_completions", "test_completions", "test_embeddings", "test_models")
FILES += ("test_images", "audio/test_speech", "audio/test_transcriptions")
REASONS = {
    r"404.*Not found": "paths that the service does not have",
    r"405": "methods that the service does not have",
    r"takes 'messages', not 'prompt'": "`prompt`, which the service does not take",
    r"at least 1": "`max_tokens` of 0, refused",
    r"logit_bias": "a logit bias on `foo`, refused as by vLLM",
    r"Missing required parameter: 'model'": "images without a model, which the service requires",
    r"Invalid parameter 'input'": "an embedding of another type than text, refused",
    r"Invalid parameter 'size'|'response_format'": "sizes and formats that the service lacks",
    r"ValidationError": "base64 vectors, which the SDK asks for and its strict mode refuses",
}


def fetched(folder: str) -> Path:
    """Download the source distribution and map names of models."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
    command += ["--no-build-isolation", "-d", folder, f"openai=={version('openai')}"]
    subprocess.run(command, check=True, capture_output=True)
    [archive] = Path(folder).glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    [home] = [path for path in Path(folder).iterdir() if path.is_dir()]
    for path in [home / "tests/conftest.py", *home.glob("tests/api_resources/**/test_*.py")]:
        text = path.read_text()
        for old, new in NAMES.items():
            text = text.replace(f'"{old}"', f'"{new}"')
        path.write_text(text.replace('b"Example data"', repr(AUDIO)))
    return home


def reason(message: str) -> str:
    """Say why a test failed."""
    found = (words for pattern, words in REASONS.items() if re.search(pattern, message, re.DOTALL))
    return next(found, f"unexplained: {message[:160]}")


with tempfile.TemporaryDirectory() as folder:
    home = fetched(folder)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts="]
    command += [f"tests/api_resources/{name}.py" for name in FILES]
    command += ["-k", "(create or list or generate) and not Async", "--junit-xml=told.xml"]
    environment = {**os.environ, "TEST_API_BASE_URL": URL}
    run = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    cases = list(ElementTree.parse(home / "told.xml").iter("testcase"))
failed = [case.find("failure") for case in cases]
reasons = Counter(reason(f.get("message") or "") for f in failed if f is not None)
passed = len(cases) - reasons.total()
told = "; ".join(f"{number} {words}" for words, number in reasons.most_common())
assert "unexplained" not in told, told
done("openai", f"its own suite: {passed} of {len(cases)} pass; the others: {told}")
