"""Server with one version of TLS, and a client to probe it."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

BODY = json.dumps({"object": "list", "data": [{"id": "gpt-oss:120b", "object": "model"}]}).encode()
ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
    + f"content-length: {len(BODY)}\r\n\r\n".encode()
    + BODY
)


@dataclass
class Served:
    """Where the server is, whom its clients must trust, and what reached it in the clear."""

    base_url: str
    ca_bundle: str
    port: int
    cleartext: list[bytes] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@contextmanager
def serving(version: ssl.TLSVersion, folder: Path, answer: bytes = ANSWER) -> Iterator[Served]:
    """Answer the same (a list of models) over exactly this version of TLS."""
    from llmaas_sandbox.tls.authority import create_certificates

    made = create_certificates("good", folder)
    context = only(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), version)
    context.load_cert_chain(made.certificate, made.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        served = Served(f"https://127.0.0.1:{port}/v1", str(made.authority), port)
        thread = threading.Thread(
            target=_serve, args=(listener, context, served, answer), daemon=True
        )
        thread.start()
        yield served
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def only(context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    """Let a context speak this version and no other, however old it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = version
        context.minimum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def reaches(served: Served, version: ssl.TLSVersion) -> bool:
    """Whether a client that wants this version gets through: else nothing would be proved."""
    context = only(ssl.create_default_context(cafile=served.ca_bundle), version)
    try:
        with (
            socket.create_connection(("127.0.0.1", served.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            return secured.version() is not None
    except OSError:
        return False


def _serve(listener: socket.socket, context: ssl.SSLContext, served: Served, answer: bytes) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        plain.settimeout(5)
        try:
            with context.wrap_socket(plain, server_side=True) as secured:
                if data := _request(secured):
                    served.cleartext.append(data)
                    secured.sendall(answer)
        except OSError as error:
            served.failed.append(str(error))
            with suppress(OSError):
                plain.close()


def _request(peer: ssl.SSLSocket) -> bytes:
    """Read a request whole: a socket that is closed with something unread resets the client's."""
    data = b""
    while more := peer.recv(65536):
        data += more
        head, blank, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if blank and len(body) >= (int(length[1]) if length else 0):
            break
    return data
