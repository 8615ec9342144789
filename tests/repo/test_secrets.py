"""Keys, machine paths and package indexes in files of the repository."""

import re

import pytest

from tests.helpers.repository import ROOT, tracked_files

FORBIDDEN = {
    "a key": r"\b(sk|pk|ghp|hf)[-_](?!sandbox|recorded|test|example)[A-Za-z0-9]{20,}",
    "a bearer token": r"Bearer [A-Za-z0-9_\-.]{24,}",
    "a private key": "-----BEGIN " + "[A-Z ]*PRIVATE KEY-----",
    "a machine path": r"(?<![\w.])/(work|root|home/\w+|Users/\w+)/",
    "a package index": "pypi" + r"\.org|python" + r"hosted\.org|registry\.npm" + r"js",
}
BINARY = {".png", ".jpg", ".gif", ".wav", ".mp3", ".pdf", ".ico", ".zip", ".gz", ".parquet"}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_contains(what):
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for path in tracked_files():
        if path.suffix in BINARY:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not found, f"{what} in:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a key", "api_key = 'sk-" + "a1b2c3d4e5" * 3 + "'"),
        ("a bearer token", "Authorization: Bearer " + "a1b2c3d4e5" * 3),
        ("a machine path", "open('/ho" + "me/jo/notes.txt')"),
        ("a package index", "https://py" + "pi.org/simple"),
    ],
)
def test_patterns_match_examples(what, line):
    assert re.search(FORBIDDEN[what], line)
