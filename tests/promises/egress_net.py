"""A network of its own: every address is on loopback, names are answered as a test likes, and
nothing that is said goes unheard. To be made in a new network and mount namespace, as root there.
"""

import json
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import threading
import time
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable

from simulator import pki

VENDOR, STRANGER = "8.8.4.4", "8.8.8.8"
TYPES = {1: socket.AF_INET, 28: socket.AF_INET6}
PACKET_OUTGOING, ETH_P_ALL = 4, 3
SYN, ACK, TCP = 2, 16, 6
PORTS = (80, 443, 444, 8443)
QUIET_S = 0.2  # what was sent last is heard within this


def make_all_addresses_local() -> None:
    for command in ("ip link set lo up", "ip route add local 0.0.0.0/0 dev lo",
                    "ip -6 route add local ::/0 dev lo"):
        subprocess.run(command.split(), check=True)


class Names:
    """A name server. `answers` gives a name's addresses; it is asked anew each time (TTL 0)."""

    def __init__(self, folder: pathlib.Path, answers: Callable[[str, int], list[str]]):
        self.answers = answers
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        conf = folder / "resolv.conf"
        conf.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        subprocess.run(["mount", "--bind", str(conf), "/etc/resolv.conf"], check=True)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            query, peer = self.socket.recvfrom(4096)
            self.socket.sendto(self.answer(query), peer)

    def answer(self, query: bytes) -> bytes:
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", "replace"))
            at += 1 + query[at]
        kind = struct.unpack_from(">H", query, at + 1)[0]
        found = [socket.inet_pton(TYPES[kind], address)
                 for address in self.answers(".".join(labels).lower(), kind)
                 if kind in TYPES and (":" in address) == (kind == 28)]
        head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0)
        return head + query[12:at + 5] + b"".join(
            struct.pack(">HHHIH", 0xC00C, kind, 1, 0, len(data)) + data for data in found)


class Wire:
    """Every TCP connection that is asked for, whether anybody listens or not."""

    def __init__(self) -> None:
        self.asked: set[tuple[str, int]] = set()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.socket.bind(("lo", 0))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        while True:
            packet, (_, _, direction, *_) = self.socket.recvfrom(65536)
            if direction != PACKET_OUTGOING:
                self.note(packet)

    def note(self, packet: bytes) -> None:
        if packet[0] >> 4 == 4 and packet[9] == TCP:
            at, to = (packet[0] & 15) * 4, socket.inet_ntop(socket.AF_INET, packet[16:20])
        elif packet[0] >> 4 == 6 and packet[6] == TCP:
            at, to = 40, socket.inet_ntop(socket.AF_INET6, packet[24:40])
        else:
            return
        if packet[at + 13] & (SYN | ACK) == SYN:
            self.asked.add((to, struct.unpack_from(">H", packet, at + 2)[0]))

    def take(self) -> set[tuple[str, int]]:
        """Where connections were asked for since the last call."""
        time.sleep(QUIET_S)
        asked, self.asked = self.asked, set()
        return asked


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body at once: no delayed acknowledgement in between
    server: "Server"

    def do_GET(self) -> None:
        self.server.heard.append((self.connection.getsockname()[0], self.path,
                                  self.raw_requestline + bytes(self.headers)))
        status, headers, body = self.server.reply(self.path, self.headers)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """TLS on one port of every address; `reply` makes an answer (status, headers, body as JSON or bytes) of a path and
    headers; `heard` is what was said where. Port 0: any."""

    daemon_threads = True

    def __init__(self, port: int, leaf: pathlib.Path, reply: Callable[[str, Message], tuple]):
        self.address_family = socket.AF_INET6  # and IPv4, mapped
        super().__init__(("::", port), Handler)
        self.reply = reply
        self.heard: list[tuple[str, str, bytes]] = []
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(leaf)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        connection, peer = super().get_request()
        return self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), peer

    def handle_error(self, request, client_address) -> None:
        pass

    def take(self) -> list[tuple[str, str, bytes]]:
        """(address, path, head) of each request since the last call."""
        heard, self.heard = self.heard, []
        return [(re.sub("^::ffff:(?=.*[.])", "", to), path, head) for to, path, head in heard]


class Network:
    """All of it. `names` and `reply` as in Names and Server; the certificate is good for `hosts`."""

    def __init__(self, folder: pathlib.Path, hosts: list[str],
                 names: Callable[[str, int], list[str]], reply: Callable[[str, Message], tuple]):
        make_all_addresses_local()
        self.ca_file = pki.make_authority(folder)
        leaf = pki.make_leaf(folder, hosts)
        Names(folder, names)
        self.wire = Wire()
        self.servers = [Server(port, leaf, reply) for port in PORTS]

    def heard(self) -> list[tuple[str, str, bytes]]:
        return [one for server in self.servers for one in server.take()]
