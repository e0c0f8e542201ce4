"""HTTPS servers on loopback that misbehave on order, for the HTTP client's own test.

usage: python3 -B tests/faults/server.py FOLDER

Makes its certificates in FOLDER, opens one listener a certificate, one that speaks old TLS only,
one that talks no TLS at all, and one that only counts what reaches it; prints a line "NAME PORT"
for each, then "ready". Ends when its standard input does.
"""

import pathlib
import re
import socket
import ssl
import sys
import threading
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from faults.answers import ANSWERS, plain  # noqa: E402
from faults.certificates import make_all  # noqa: E402


class Exchange:
    """One request, and the connection to answer on."""

    def __init__(self, server, connection, request_head, body):
        self.server = server
        self.connection = connection
        self.head = request_head
        self.body = body
        self.target = request_head.split(b" ")[1].decode("latin-1")
        split = urllib.parse.urlsplit(self.target)
        self.words = split.path.strip("/").split("/")
        self.query = dict(urllib.parse.parse_qsl(split.query))
        with server.lock:
            key = self.words[-1]
            server.counts[key] = server.counts.get(key, 0) + 1

    def nth(self):
        """How many requests ended in this word, with this one."""
        return self.server.counts[self.words[-1]]

    def send(self, data):
        self.connection.sendall(data)

    def wait_for_close(self):
        while self.connection.recv(4096):
            pass


class Connection:
    """A TLS connection whose socket can also be closed behind TLS's back."""

    def __init__(self, tls):
        self.tls = tls

    def __getattr__(self, name):
        return getattr(self.tls, name)

    def shutdown_hard(self):
        socket.socket(fileno=self.tls.detach()).close()


class Server:
    """Listens with one TLS context; a thread for each connection."""

    def __init__(self, context, other=None):
        self.context = context
        self.other = other
        self.counts = {}
        self.connections = 0
        self.lock = threading.Lock()
        self.arrival = threading.Condition()
        self.waiting, self.most = {}, {}  # of those who meet, by key
        self.socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def port(self):
        return self.socket.getsockname()[1]

    def accept(self):
        while True:
            raw, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(raw,), daemon=True).start()

    def serve(self, raw):
        try:
            tls = self.context.wrap_socket(raw, server_side=True)
        except OSError:
            raw.close()
            return
        with self.lock:
            self.connections += 1
        try:
            self.converse(Connection(tls))
        except OSError:
            pass  # the client went away: most tests want just that
        tls.close()

    def converse(self, connection):
        pending = b""
        while True:
            while b"\r\n\r\n" not in pending:
                data = connection.recv(65536)
                if not data:
                    return
                pending += data
            head, _, pending = pending.partition(b"\r\n\r\n")
            length = self.content_length(head)
            while len(pending) < length:
                pending += connection.recv(65536)
            body, pending = pending[:length], pending[length:]
            exchange = Exchange(self, connection, head, body)
            if not ANSWERS.get(exchange.words[0], plain)(exchange):
                return

    @staticmethod
    def content_length(head):
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                return int(value)
        return 0


class Listener:
    """Counts what reaches it and answers nothing."""

    def __init__(self):
        self.connections = 0
        self.received = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def port(self):
        return self.socket.getsockname()[1]

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            self.connections += 1
            threading.Thread(target=self.swallow, args=(connection,), daemon=True).start()

    def swallow(self, connection):
        while data := connection.recv(4096):
            self.received += len(data)


class PlainServer(Listener):
    """Speaks HTTP without TLS. As a proxy it answers CONNECT status-NNN.test with NNN."""

    def swallow(self, connection):
        status = re.match(rb"CONNECT status-(\d+)", connection.recv(4096))
        connection.sendall(b"HTTP/1.1 %s No\r\nContent-Length: 0\r\n\r\n"
                           % (status[1] if status else b"400"))
        connection.close()


def context_for(leaf):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(leaf)
    return context


def old_context_for(leaf):
    context = context_for(leaf)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def main():
    folder = pathlib.Path(sys.argv[1])
    other = Listener()
    servers = {"other": other, "plain": PlainServer()}
    for name in make_all(folder):
        servers[name] = Server(context_for(folder / f"{name}.pem"), other)
    servers["old-tls"] = Server(old_context_for(folder / "good.pem"))
    for name, server in servers.items():
        print(name, server.port)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
