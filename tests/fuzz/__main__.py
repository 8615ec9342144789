"""Coverage-guided fuzzing of the parsers: ``python tests/fuzz --seconds 60 [target ...]``.

Needs atheris (``nox -s fuzz`` brings it). What breaks a promise is kept under ``crashers``, where
``test_parsers.py`` finds it; mend the fault and commit both.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))
LONGEST = 4096
"""Bytes of an input."""


def main() -> int:
    """Fuzz each target in a process of its own, since the fuzzer ends its process."""
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.child:
        fuzz(told.targets[0], told.seconds)
    from tests.fuzz.targets import TARGETS

    broken = [name for name in told.targets or TARGETS if not run(name, told.seconds)]
    print(f"broken: {', '.join(broken) or 'none'}")
    return 1 if broken else 0


def run(name: str, seconds: int) -> bool:
    """Fuzz one target; return whether it kept its promise."""
    command = [sys.executable, str(HERE), name, "--seconds", str(seconds), "--child"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    tail = done.stdout.strip().splitlines()
    runs = next((line for line in reversed(tail) if line.startswith("Done")), "")
    print(f"{name}: {'kept' if done.returncode == 0 else 'BROKEN'} {runs}", flush=True)
    if done.returncode:
        print("\n".join(tail[-40:]), flush=True)
    return done.returncode == 0


def fuzz(name: str, seconds: int) -> None:
    """Fuzz in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["llmaas", "tests.fuzz.targets"]):
        from tests.fuzz.targets import SEEDS, TARGETS

    found = HERE / "crashers" / name
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(SEEDS[name]):
            (Path(corpus) / f"seed{number}").write_bytes(seed)
        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=20"]
        atheris.Setup([sys.argv[0], corpus, f"-artifact_prefix={found}/", *options], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
