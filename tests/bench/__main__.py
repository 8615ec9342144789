"""Benchmarks of our and the stock clients in one run.

    python tests/bench [--only NAME ...] [--works NAME ...] [--rounds N] [--scale X] [--json]
                       [--against CLONE]

Every client lives in a process of its own on one processor, the server on another. Clients take
turns, round by round, and the best round counts: other work on the machine only ever makes a round
worse. Ratios hold, absolute figures depend on the machine. The rows "alone" are the frameworks
without an adapter, around a bare exchange with the server (see ``exchange.py``); a second table
shows what each adapter adds to its framework, without the exchange, and two more whether the
adapters' targets against the core are met. Conversations are converted to the framework's
messages before the measurement, as an agent holds them. With ``--against``, the clients named are
compared with those of another clone, in its own ``.venv``: before a change, say. A client is a
class in a file under ``drivers/``; a new file is found by itself.
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path

import against
import report
from client import Client
from session import Session
from workloads import WORKS

DRIVERS = Path(__file__).parent / "drivers"


def main() -> None:
    """Measure and print."""
    parser = build_parser()
    options = parser.parse_args()
    if problem := find_mistake(options):
        parser.error(problem)
    if options.against is not None:
        compared = [client for client in find_clients() if client.name in options.only]
        rounds, scale = options.rounds, options.scale
        for line in against.lines(compared, options.works, options.against, rounds, scale):
            print(line, flush=True)
        return
    clients = [
        client for client in find_clients() if options.only is None or is_selected(client, options)
    ]
    with Session(clients, rounds=options.rounds, scale=options.scale) as session:
        results = session.run_works(options.works)
    if options.json:
        print(json.dumps(results, indent=1, ensure_ascii=False))
    else:
        print(report.table(clients, results))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    names = [*(work.name for work in WORKS), "import", "memory"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these clients and their peers")
    parser.add_argument("--works", nargs="+", choices=names, default=names, metavar="WORK")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="how much to do in a round")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--against", type=Path, metavar="CLONE", help="compare with another clone")
    return parser


def find_mistake(options: argparse.Namespace) -> str | None:
    """Return what is wrong with the clients named, None if nothing is."""
    known = [client.name for client in find_clients()]
    unknown = [name for name in options.only or () if name not in known]
    if unknown:
        names = "\n  ".join(known)
        return f"--only: unknown clients {unknown}. Installed clients:\n  {names}"
    if options.against is not None and not options.only:
        return "--against compares the clients of --only, got none. Add --only NAME."
    return None


def find_clients() -> list[type[Client]]:
    """Return every client of every driver whose packages are installed, in order of names."""
    for path in sorted(DRIVERS.glob("*.py")):
        importlib.import_module(f"drivers.{path.stem}")
    clients = sorted(find_subclasses(Client), key=lambda client: (client.__module__, client.name))
    return [client for client in clients if report.versions(client) is not None]


def find_subclasses(client: type[Client]) -> list[type[Client]]:
    """Return all subclasses, however deep."""
    below = client.__subclasses__()
    return below + [each for child in below for each in find_subclasses(child)]


def is_selected(client: type[Client], options: argparse.Namespace) -> bool:
    """Return whether a client was asked for, or is the peer, framework or core of one that was."""
    chosen = [each for each in find_clients() if each.name in options.only]
    beside = {name for each in chosen for name in (each.peer, each.floor)}
    if any(each.floor for each in chosen):
        beside |= {report.CORE, report.EXCHANGE}
    return client.name in options.only or client.name in beside


if __name__ == "__main__":
    main()
