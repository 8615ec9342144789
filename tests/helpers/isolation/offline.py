"""Network namespace for a process, which records every packet for other machines.

``python offline.py COMMAND...`` (inside ``unshare -rn``) runs the command and writes, as one line
of JSON on stdout, its status and whatever left for anywhere but this machine.
"""

from __future__ import annotations

import json
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

GATEWAY = "10.255.254.1"
SETUP = f"""
link set lo up
link add out0 type veth peer name out1
address add 10.255.254.2/24 dev out0
link set out0 up
link set out1 up
route add default via {GATEWAY} dev out0
neighbour add {GATEWAY} lladdr 02:00:00:00:00:01 dev out0 nud permanent
"""
IPV4, ICMP6 = 0x0800, 58
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", ICMP6: "icmp6"}
ALL_PACKETS = 3
MARK = f"udp to {GATEWAY}:9"
MARK_SECONDS = 20.0


def missing() -> str | None:
    """Return why no such network can be made here, or None."""
    if not (shutil.which("unshare") and shutil.which("ip")):
        return "unshare or ip is not installed"
    tried = ["unshare", "-rn", sys.executable, __file__, "true"]
    done = subprocess.run(tried, capture_output=True, text=True, timeout=60)
    return None if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def run(command: Sequence[str], **options: Any) -> dict[str, Any]:
    """Run a command in a network of its own; return its ``status`` and the ``packets``."""
    inside = ["unshare", "-rn", sys.executable, __file__, *command]
    done = subprocess.run(inside, stdout=subprocess.PIPE, text=True, check=True, **options)
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def described(packet: bytes) -> str | None:
    """Return where an IPv4 packet goes; None for what stays here, and for other protocols."""
    if len(packet) < 34 or struct.unpack("!H", packet[12:14])[0] != IPV4:
        return None
    length, protocol = (packet[14] & 15) * 4, packet[23]
    host = socket.inet_ntoa(packet[30:34])
    port = struct.unpack("!H", packet[16 + length : 18 + length])[0] if protocol in (6, 17) else 0
    if host.startswith("127.") and port != 53:
        return None
    return f"{PROTOCOLS.get(protocol, protocol)} to {host}:{port}"


class Watch(threading.Thread):
    """Notes every packet of this network that is for somebody else."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.packets: list[str] = []
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PACKETS))

    def run(self) -> None:
        """Read packets until the process ends."""
        while True:
            if (told := described(self._socket.recv(65535))) and told not in self.packets:
                self.packets.append(told)

    def caught_up(self) -> list[str]:
        """Send a packet of our own; once it is seen, all that were sent before have been."""
        with socket.socket(type=socket.SOCK_DGRAM) as mark:
            mark.sendto(b"?", (GATEWAY, 9))
        until = time.monotonic() + MARK_SECONDS
        while MARK not in self.packets:
            if time.monotonic() > until:
                raise TimeoutError("the watch does not see its own packet")
            time.sleep(0.01)
        return [packet for packet in self.packets if packet != MARK]


def main(command: Sequence[str]) -> int:
    """Set the network up, run the command, and report."""
    subprocess.run(["ip", "-batch", "-"], input=SETUP, text=True, check=True)
    watch = Watch()
    watch.start()
    done = subprocess.run(command, stdout=sys.stderr)
    print(json.dumps({"status": done.returncode, "packets": watch.caught_up()}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
