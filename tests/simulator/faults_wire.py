"""Faults of the body as bytes, of headers, and of the connection."""

import gzip
import time
import zlib

from .connection import IDLE_S, Connection, compress, head
from .exchange import Reply, Request
from .faults import fault

FILL = 64 * 1024


@fault("reply")
def truncated_json(reply: Reply, *, keep: float = 0.5) -> None:
    """The JSON text ends after the share `keep` of it; lengths and headers fit the rest."""
    reply.body = reply.body[:int(len(reply.body) * keep)]


@fault("reply")
def trailing_garbage(reply: Reply, *, text: str = "<!-- served by cache -->") -> None:
    """`text` follows the JSON text."""
    reply.body += text.encode()


@fault("reply")
def byte_order_mark(reply: Reply) -> None:
    """The body begins with a UTF-8 byte order mark."""
    reply.body = b"\xef\xbb\xbf" + reply.body


@fault("reply")
def utf16(reply: Reply) -> None:
    """The body comes as UTF-16 without saying so."""
    reply.body = reply.body.decode().encode("utf-16")


@fault("reply")
def wrong_content_type(reply: Reply, *, value: str = "text/plain") -> None:
    """A right body with another Content-Type; "" for none."""
    reply.content_type = value or None


@fault("reply")
def unknown_content_encoding(reply: Reply, *, name: str = "x-muster") -> None:
    """Content-Encoding says `name`, which nobody knows; the body is plain."""
    reply.plain = True
    reply.headers.append(("Content-Encoding", name))


@fault("reply")
def corrupt_gzip(reply: Reply) -> None:
    """Content-Encoding gzip; the stream breaks in the middle."""
    data = bytearray(gzip.compress(reply.body, mtime=0))
    data[len(data) // 2:] = b"\x00" * (len(data) - len(data) // 2)
    reply.body, reply.plain = bytes(data), True
    reply.headers.append(("Content-Encoding", "gzip"))


@fault("reply")
def many_headers(reply: Reply, *, count: int = 10_000) -> None:
    """`count` extra headers."""
    reply.headers += [(f"X-Filler-{i}", "x") for i in range(count)]


@fault("reply")
def chunked(reply: Reply) -> None:
    """No fault: Transfer-Encoding chunked in place of Content-Length."""
    reply.chunked = True


@fault("write")
def cut_body(connection: Connection, request: Request, reply: Reply, *, after: int = 700) -> None:
    """The connection ends (FIN) after `after` bytes of the body; Content-Length promises all."""
    compress(request, reply)
    connection.send(head(reply, [("Content-Length", str(len(reply.body)))]) + reply.body[:after])
    connection.close()


@fault("write")
def reset(connection: Connection, request: Request, reply: Reply, *, after: int = 700) -> None:
    """The connection is reset (RST) after `after` bytes of the body; -1: before the headers."""
    if after >= 0:
        compress(request, reply)
        framing = [("Content-Length", str(len(reply.body)))]
        connection.send(head(reply, framing) + reply.body[:after])
    connection.abort()


@fault("write")
def early_close(connection: Connection, request: Request, reply: Reply) -> None:
    """The connection ends without an answer. The vendor has done what was asked."""
    connection.close()


@fault("write")
def stall(connection: Connection, request: Request, reply: Reply, *, seconds: float = 600) -> None:
    """No answer for `seconds`, then the connection ends."""
    pause(connection, seconds)
    connection.close()


@fault("write")
def delay(connection: Connection, request: Request, reply: Reply, *, seconds: float = 1) -> None:
    """The right answer, `seconds` late."""
    pause(connection, seconds)
    compress(request, reply)
    connection.send(head(reply, [("Content-Length", str(len(reply.body)))]) + reply.body)


@fault("write")
def wrong_content_length(connection: Connection, request: Request, reply: Reply, *,
                         delta: int = -10) -> None:
    """Content-Length is off by `delta`; below 0 the JSON text is cut, above 0 bytes are missing.
    The connection ends."""
    framing = [("Content-Length", str(max(0, len(reply.body) + delta)))]
    connection.send(head(reply, framing) + reply.body)
    connection.close()


def pause(connection: Connection, seconds: float) -> None:
    """Sleeps in slices and gives up when the client has gone."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        connection.sock.settimeout(min(left, 0.2))
        try:
            if not connection.sock.recv(1):
                raise ConnectionResetError("client has gone")
        except TimeoutError:
            continue
    connection.sock.settimeout(IDLE_S)


@fault("write")
def slow_bytes(connection: Connection, request: Request, reply: Reply, *,
               per_second: float = 1) -> None:
    """Headers at once, then the body byte by byte, `per_second` of them a second."""
    connection.send(head(reply, [("Content-Length", str(len(reply.body)))]))
    for byte in reply.body:
        connection.send(bytes([byte]))
        time.sleep(1 / per_second)


@fault("write")
def slow_headers(connection: Connection, request: Request, reply: Reply, *,
                 per_second: float = 1) -> None:
    """The headers byte by byte."""
    for byte in head(reply, [("Content-Length", str(len(reply.body)))]):
        connection.send(bytes([byte]))
        time.sleep(1 / per_second)
    connection.send(reply.body)


def bomb(decoded: int) -> bytes:
    """A gzip stream of `decoded` bytes of JSON white space in a list, about 1000:1."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, 31)
    blank = b" " * (1 << 20)
    parts = [deflater.compress(b"[")]
    parts += [deflater.compress(blank) for _ in range(decoded >> 20)]
    return b"".join(parts) + deflater.compress(b"]") + deflater.flush()


@fault("write")
def gzip_bomb(connection: Connection, request: Request, reply: Reply, *,
              decoded_mib: int = 256) -> None:
    """A gzip body that decodes to `decoded_mib` MiB, about 1000 bytes for each one sent."""
    data = bomb(decoded_mib << 20)
    framing = [("Content-Encoding", "gzip"), ("Content-Length", str(len(data)))]
    connection.send(head(reply, framing) + data)


@fault("write")
def endless_chunked(connection: Connection, request: Request, reply: Reply, *,
                    cap_mib: int = 2048) -> None:
    """A chunked body of white space that never ends (it does, at `cap_mib`)."""
    connection.send(head(reply, [("Transfer-Encoding", "chunked")]) + b"1\r\n[\r\n")
    chunk = b"%x\r\n%b\r\n" % (FILL, b" " * FILL)
    for _ in range((cap_mib << 20) // FILL):
        connection.send(chunk)
    connection.close()


@fault("write")
def announced(connection: Connection, request: Request, reply: Reply, *, gib: int = 10) -> None:
    """A Content-Length of `gib` GiB, and white space until the client has gone."""
    connection.send(head(reply, [("Content-Length", str(gib << 30))]) + b"[")
    for _ in range((gib << 30) // FILL):
        connection.send(b" " * FILL)
    connection.close()


@fault("write")
def huge_header(connection: Connection, request: Request, reply: Reply, *, mib: int = 100) -> None:
    """One header of `mib` MiB."""
    connection.send(b"HTTP/1.1 200 OK\r\nX-Filler: ")
    for _ in range((mib << 20) // FILL):
        connection.send(b"x" * FILL)
    connection.send(b"\r\n" + head(reply, [("Content-Length", "0")]).partition(b"\r\n")[2])
    connection.close()


@fault("write")
def bad_header(connection: Connection, request: Request, reply: Reply, *,
               line: str = "X-Split: a\rSet-Cookie: b=c") -> None:
    """A header line as it is, with a bare CR, without a colon, with a NUL ..."""
    text = head(reply, [("Content-Length", str(len(reply.body)))])
    status, _, rest = text.partition(b"\r\n")
    connection.send(status + b"\r\n" + line.encode("latin-1") + b"\r\n" + rest + reply.body)


@fault("write")
def not_http(connection: Connection, request: Request, reply: Reply, *,
             text: str = "SSH-2.0-OpenSSH_9.2\r\n") -> None:
    """`text` in place of an HTTP answer."""
    connection.send(text.encode())
    connection.close()
