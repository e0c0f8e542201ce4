"""HTTP/1.1 over one accepted socket: reads requests, writes replies, and can misbehave on order."""

import email.utils
import gzip
import http.client
import socket
import ssl
import struct
from typing import Optional

from .exchange import Reply, Request, parse_target

LINE_MAX = 64 * 1024
HEADERS_MAX = 200
IDLE_S = 120
GZIP_FROM_BYTES = 256
CHUNK_BYTES = 16 * 1024


class BadRequest(Exception):
    """The client sent something that is no HTTP request."""


class Connection:
    """Counts what it sends since begin(); every send raises OSError when the client is gone."""

    def __init__(self, sock: ssl.SSLSocket):
        sock.settimeout(IDLE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.file = sock.makefile("rb")
        self.sent = 0
        self.alive = True

    def read_request(self) -> Optional[Request]:
        """The next request, None when the client has closed."""
        line = self._read_line()
        if line is None:
            return None
        method, target, version = self._split_request_line(line)
        headers = self._read_headers()
        if headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._read_body(headers)
        path, query = parse_target(target)
        host = headers.get("host", "").partition(":")[0].lower()
        if headers.get("connection", "").lower() == "close" or version == "HTTP/1.0":
            self.alive = False
        return Request(method, host, path, query, headers, body, target, version,
                       self._certificate_name())

    def _certificate_name(self) -> str:
        subject = (self.sock.getpeercert() or {}).get("subject", ())
        return dict(pair for part in subject for pair in part).get("commonName", "")

    def _read_line(self) -> Optional[str]:
        line = self.file.readline(LINE_MAX + 1)
        if not line:
            return None
        if len(line) > LINE_MAX or not line.endswith(b"\n"):
            raise BadRequest("line too long or cut")
        return line.rstrip(b"\r\n").decode("latin-1")

    @staticmethod
    def _split_request_line(line: str) -> tuple[str, str, str]:
        words = line.split(" ")
        if len(words) != 3 or not words[1].startswith("/") or not words[2].startswith("HTTP/1."):
            raise BadRequest(f"no request line: {line[:80]!r}")
        return words[0], words[1], words[2]

    def _read_headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while line := self._read_line():
            name, colon, value = line.partition(":")
            if not colon or len(headers) >= HEADERS_MAX:
                raise BadRequest(f"no header: {line[:80]!r}")
            headers[name.strip().lower()] = value.strip()
        return headers

    def _read_body(self, headers: dict[str, str]) -> bytes:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            raise BadRequest("chunked request bodies are not simulated")
        length = headers.get("content-length", "0")
        if not length.isdigit():
            raise BadRequest(f"Content-Length: {length[:80]}")
        size = int(length)
        body = self.file.read(size)
        if len(body) < size:
            raise BadRequest("body cut")
        return body

    def begin(self) -> None:
        self.sent = 0

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)
        self.sent += len(data)

    def abort(self) -> None:
        """Ends the connection with a TCP reset, without TLS's goodbye."""
        self.alive = False
        linger_zero = struct.pack("ii", 1, 0)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
        self._drop()

    def close(self) -> None:
        """Ends the connection with a FIN; what the client still expects never comes."""
        self.alive = False
        self._drop()

    def _drop(self) -> None:
        self.file.close()
        self.sock.close()


def head(reply: Reply, framing: list[tuple[str, str]]) -> bytes:
    """Status line and headers, the empty line included."""
    reason = http.client.responses.get(reply.status, "Status")
    lines = [f"HTTP/1.1 {reply.status} {reason}"]
    if not any(name == "Date" for name, _ in reply.headers):
        lines.append(f"Date: {email.utils.formatdate(usegmt=True)}")
    if reply.content_type:
        lines.append(f"Content-Type: {reply.content_type}")
    lines += [f"{name}: {value}" for name, value in reply.headers + framing]
    if reply.close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def compress(request: Request, reply: Reply) -> None:
    """gzip as the vendor's front end does: when asked for and worth it."""
    accepted = "gzip" in request.headers.get("accept-encoding", "")
    if accepted and not reply.plain and len(reply.body) >= GZIP_FROM_BYTES:
        reply.body = gzip.compress(reply.body, compresslevel=1, mtime=0)
        reply.headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]


def chunks(body: bytes) -> bytes:
    parts = []
    for start in range(0, len(body), CHUNK_BYTES):
        part = body[start:start + CHUNK_BYTES]
        parts.append(b"%x\r\n%b\r\n" % (len(part), part))
    return b"".join(parts) + b"0\r\n\r\n"


def write_reply(connection: Connection, request: Request, reply: Reply) -> None:
    """The honest way to send a reply."""
    compress(request, reply)
    if reply.status == 204:
        connection.send(head(reply, []))
    elif reply.chunked:
        data = b"" if request.method == "HEAD" else chunks(reply.body)
        connection.send(head(reply, [("Transfer-Encoding", "chunked")]) + data)
    else:
        data = b"" if request.method == "HEAD" else reply.body
        connection.send(head(reply, [("Content-Length", str(len(reply.body)))]) + data)
    if reply.close:
        connection.close()
