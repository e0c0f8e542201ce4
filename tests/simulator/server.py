"""The server: TLS on loopback, tenants told apart by the Host header, faults, ledger.

Server can live inside a test's process (start, stop) or be a program of its own (__main__).
"""

import contextlib
import os
import pathlib
import secrets
import select
import socket
import socketserver
import ssl
import threading
from collections import defaultdict

from . import faults_answer, faults_page, faults_wire, pki
from .connection import BadRequest, Connection, write_reply
from .exchange import Reply, Request, json_reply
from .faults import Faults, Order, of_stage
from .ledger import Ledger
from .vendor import Service

FAULT_MODULES = (faults_answer, faults_page, faults_wire)  # imported: they register themselves
HANDSHAKE_S = 10


def no_route() -> Reply:
    """What the gateway before a vendor says about a host it does not know."""
    return json_reply({"message": "no Route matched with those values",
                       "request_id": secrets.token_hex(16)}, 404)


def certificate_names(hosts: list[str]) -> list[str]:
    """The hosts and their neighbours, so that a mistyped sub-domain gets as far as a real one."""
    neighbours = {"*." + host.partition(".")[2] for host in hosts if host.count(".") >= 2}
    return sorted(set(hosts) | neighbours)


def say_goodbye(sock: ssl.SSLSocket) -> None:
    """Ends a connection so that the client sees why: unread bytes would make it a reset, and of TLS 1.3
    a refused client has sent its request already."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        while select.select([sock], [], [], HANDSHAKE_S)[0] and os.read(sock.fileno(), 65536):
            pass
    sock.close()


class Handler(socketserver.BaseRequestHandler):
    """One connection; `server.owner` is the Server."""

    def handle(self) -> None:
        owner: Server = self.server.owner
        try:
            self.request.settimeout(HANDSHAKE_S)
            sock = owner.tls.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
        except (OSError, ValueError) as error:
            owner.ledger.note_handshake(error)
            return
        try:
            sock.do_handshake()
        except (OSError, ValueError) as error:
            owner.ledger.note_handshake(error)
            say_goodbye(sock)
            return
        owner.track(sock)
        try:
            self.serve(owner, Connection(sock))
        except (OSError, BadRequest):
            pass  # the client has gone, or never spoke HTTP; the ledger has what was answered
        finally:
            owner.untrack(sock)
            sock.close()

    @staticmethod
    def serve(owner: "Server", connection: Connection) -> None:
        while connection.alive and (request := connection.read_request()):
            owner.answer(connection, request)


class Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    owner: "Server"


class Server:
    """Serves the services' hosts on 127.0.0.1:port until stop()."""

    def __init__(self, folder: pathlib.Path, services: list[Service], port: int = 0,
                 keep_ids: bool = True):
        self.services = {host: part for service in services for part in service.parts()
                         for host in part.hosts}
        self.ca_file = pki.make_authority(folder)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(pki.make_leaf(folder, certificate_names(list(self.services))))
        self.tls.set_alpn_protocols(["http/1.1"])
        for service in self.services.values():
            if service.client_authority:
                self.tls.verify_mode = ssl.CERT_OPTIONAL
                self.tls.load_verify_locations(service.client_authority)
        self.ledger = Ledger(folder / "ledger.ndjson", keep_ids)
        self.faults = Faults()
        self.memories: dict[tuple, faults_page.Memory] = defaultdict(faults_page.Memory)
        self.sockets: set[ssl.SSLSocket] = set()
        self.lock = threading.Lock()
        self.listener = Listener(("127.0.0.1", port), Handler)
        self.listener.owner = self
        self.port = self.listener.server_address[1]
        self.thread = threading.Thread(target=self.listener.serve_forever, args=(0.05,),
                                       daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.listener.shutdown()
        self.listener.server_close()
        with self.lock:
            sockets = list(self.sockets)
        for sock in sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads from it
        self.ledger.close()

    def track(self, sock: ssl.SSLSocket) -> None:
        with self.lock:
            self.sockets.add(sock)

    def untrack(self, sock: ssl.SSLSocket) -> None:
        with self.lock:
            self.sockets.discard(sock)

    def answer(self, connection: Connection, request: Request) -> None:
        """One request from the vendor's answer, through the faults, to the ledger."""
        service = self.services.get(request.host)
        number = service.locate(request) if service else None
        orders = self.faults.striking(request, number)
        reply = self.make_reply(service, request, orders)
        # Before the first byte goes out: the client's next request must find the change.
        for order in of_stage(orders, "after"):
            order.kind.run(service, **order.params)
        names = [order.kind.name for order in orders]
        entry = self.ledger.open_entry(request, number, names, reply)
        connection.begin()
        whole = False
        try:
            self.write(connection, request, reply, orders)
            whole = True
        finally:
            self.ledger.close_entry(entry, connection.sent, whole)

    def make_reply(self, service: Service | None, request: Request,
                   orders: list[Order]) -> Reply:
        if service is None:
            reply = no_route()
        elif answers := of_stage(orders, "answer"):
            reply = answers[0].kind.run(request, **answers[0].params)
        else:
            asked = request
            for order in of_stage(orders, "request"):
                asked = order.kind.run(asked, **order.params)
            reply = service.handle(asked)
        self.bend_page(request, reply, orders)
        reply.encode()
        for order in of_stage(orders, "reply"):
            order.kind.run(reply, **order.params)
        return reply

    def bend_page(self, request: Request, reply: Reply, orders: list[Order]) -> None:
        """Applies the page faults; remembers the honest rows for the next page's faults."""
        page = reply.page
        if page is None:
            return
        page.note_ids()
        honest = page.rows
        memory = self.memories[(request.host, request.path)]
        for order in of_stage(orders, "page"):
            page.rows = list(page.rows) if isinstance(page.rows, list) else page.rows
            order.kind.run(page, memory, **order.params)
        memory.last_rows = honest

    @staticmethod
    def write(connection: Connection, request: Request, reply: Reply,
              orders: list[Order]) -> None:
        writers = of_stage(orders, "write")
        if writers:
            writers[0].kind.run(connection, request, reply, **writers[0].params)
        else:
            write_reply(connection, request, reply)
