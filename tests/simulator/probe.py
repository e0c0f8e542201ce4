"""What the simulator's own tests share: a server in the test's process and a plain client."""

import http.client
import json
import pathlib
import socket
import ssl
import tempfile
import unittest
from typing import Any, Optional

from .server import Server
from .vendor import Service, open_tenant

HOST = "acme.api.kandji.io"
DEVICES, APPS = "/api/v1/devices", "/api/v1/prism/apps"


def open_service(**options: Any) -> Service:
    return open_tenant("kandji", {"tenant": "acme", "token": "t", "admin_token": "all", **options})


class Answer:
    def __init__(self, response: http.client.HTTPResponse):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self) -> Any:
        return json.loads(self.body)


class ServerCase(unittest.TestCase):
    """One server a class; `services` is overridden by those who need other tenants."""

    @classmethod
    def services(cls) -> list[Service]:
        return [open_service(devices=30, apps_per_device=5)]

    @classmethod
    def setUpClass(cls) -> None:
        cls.temporary = tempfile.TemporaryDirectory(prefix="muster-sim-test-")
        cls.server = Server(pathlib.Path(cls.temporary.name), cls.services())
        cls.server.start()
        cls.trust = ssl.create_default_context(cafile=str(cls.server.ca_file))

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.stop()
        cls.temporary.cleanup()

    def tearDown(self) -> None:
        self.server.faults.clear()

    def connect(self, host: str = HOST) -> ssl.SSLSocket:
        sock = socket.create_connection(("127.0.0.1", self.server.port), timeout=10)
        return self.trust.wrap_socket(sock, server_hostname=host)

    def connection(self, host: str = HOST) -> http.client.HTTPConnection:
        made = http.client.HTTPConnection(host)
        made.sock = self.connect(host)
        self.addCleanup(made.close)
        return made

    def ask(self, path: str, method: str = "GET", token: Optional[str] = "t", body: Any = None,
            host: str = HOST, **headers: str) -> Answer:
        """One request over a connection of its own."""
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        made = self.connection(host)
        made.request(method, path, body=data, headers=headers)
        return Answer(made.getresponse())

    def raw(self, path: str) -> bytes:
        """Everything the server sends for a GET until the connection ends."""
        with self.connect() as sock:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer t\r\n"
                         "Connection: close\r\n\r\n".encode())
            received = b""
            while part := sock.recv(65536):
                received += part
            return received
