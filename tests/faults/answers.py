"""Answers of a hostile or broken HTTPS server, as bytes on the wire: the path names the fault.

A function takes the exchange and writes; what it leaves open is closed after it. One that returns
True has answered properly, and the connection is kept.
"""

import gzip
import socket
import struct
import time


def head(status, *headers):
    return ("\r\n".join([f"HTTP/1.1 {status}", *headers]) + "\r\n\r\n").encode("latin-1")


def plain(exchange, status=200, body=b"fine", *headers):
    exchange.send(head(f"{status} Reason", f"Content-Length: {len(body)}", *headers) + body)
    return True


def echo(exchange):
    return plain(exchange, 200, exchange.head)


def echo_body(exchange):
    return plain(exchange, 200, exchange.body)


def zipped(exchange):
    return plain(exchange, 200, gzip.compress(b"unpacked " * 1000), "Content-Encoding: gzip")


BOMB = gzip.compress(bytes(64 << 20))  # a thousand times smaller


def bomb(exchange):
    return plain(exchange, 200, BOMB, "Content-Encoding: gzip")


def double_bomb(exchange):
    return plain(exchange, 200, gzip.compress(BOMB), "Content-Encoding: gzip, gzip")


def members(exchange):
    """Two gzip members one after the other."""
    body = gzip.compress(b"one ") + gzip.compress(b"two")
    return plain(exchange, 200, body, "Content-Encoding: gzip")


def unknown_encoding(exchange):
    return plain(exchange, 200, b"\x01\x02\x03", "Content-Encoding: x-secret-sauce")


def broken_gzip(exchange):
    return plain(exchange, 200, gzip.compress(b"x" * 5000)[:20] + b"garbage!" * 9,
                 "Content-Encoding: gzip")


def endless(exchange):
    exchange.send(head("200 OK", "Transfer-Encoding: chunked"))
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    while True:
        exchange.send(chunk)


def slow(exchange):
    exchange.send(head("200 OK", "Content-Length: 100000"))
    while True:
        exchange.send(b"x")
        time.sleep(0.1)


def hang(exchange):
    exchange.wait_for_close()


def cut(exchange):
    exchange.send(head("200 OK", "Content-Length: 1000") + b"x" * 500)


def cut_chunk(exchange):
    exchange.send(head("200 OK", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n10\r\nwor")


def cut_once(exchange):
    return cut(exchange) if exchange.nth() == 1 else plain(exchange)


def too_long(exchange):
    """More bytes than announced: the rest is not part of the answer."""
    exchange.send(head("200 OK", "Content-Length: 4") + b"fineHTTP/1.1 200 OK\r\n\r\nsmuggled")


def two_lengths(exchange):
    exchange.send(head("200 OK", "Content-Length: 4", "Content-Length: 9") + b"fine12345")


def announced(exchange):
    exchange.send(head("200 OK", "Content-Length: 10000000000"))
    exchange.wait_for_close()


def huge_header(exchange):
    exchange.send(head("200 OK", *[f"X-{n}: {'x' * 60000}" for n in range(6)],
                       "Content-Length: 0"))


def long_header(exchange):
    """One line alone is too long for the client's buffer."""
    exchange.send(head("200 OK", f"X-Long: {'x' * 200000}", "Content-Length: 0"))


def many_headers(exchange):
    exchange.send(head("200 OK", *[f"X-{n}: y" for n in range(600)], "Content-Length: 0"))


def endless_interim(exchange):
    while True:
        exchange.send(head("103 Early Hints", "Link: </x>"))


def interim(exchange):
    exchange.send(head("103 Early Hints", "X-Interim: yes"))
    return plain(exchange)


def header_control(exchange):
    exchange.send(head("200 OK", "X-A: one\rX-B: two", "Content-Length: 0"))


def header_nul(exchange):
    exchange.send(head("200 OK", "X-A: o\x00ne", "Content-Length: 0"))


def garbage(exchange):
    exchange.send(b"\x00\x01\x02 this is not HTTP\r\n\r\n")


def reset(exchange):
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.connection.shutdown_hard()


def reset_once(exchange):
    return reset(exchange) if exchange.nth() == 1 else plain(exchange)


def reset_in_body(exchange):
    exchange.send(head("200 OK", "Content-Length: 1000") + b"x" * 500)
    reset(exchange)


def silent_close(exchange):
    pass


def status(exchange):
    """/status/503?body=text"""
    return plain(exchange, int(exchange.words[1]), exchange.query.get("body", "").encode())


def flaky(exchange):
    """/flaky/503/2/KEY?after=7&date=...: fails twice, then succeeds."""
    if exchange.nth() > int(exchange.words[2]):
        return plain(exchange)
    headers = []
    if "after" in exchange.query:
        headers.append(f"Retry-After: {exchange.query['after']}")
    if "date" in exchange.query:
        headers.append(f"Date: {exchange.query['date']}")
    return plain(exchange, int(exchange.words[1]), b"try later", *headers)


def quota(exchange):
    """/quota/REMAINING/RESET"""
    return plain(exchange, 200, b"fine", f"RateLimit-Remaining: {exchange.words[1]}",
                 f"RateLimit-Reset: {exchange.words[2]}")


def meet(exchange):
    """/meet/3/KEY: answers when three of them wait at once, with how many ever did."""
    server, wanted, key = exchange.server, int(exchange.words[1]), exchange.words[2]
    with server.arrival:
        server.waiting[key] = server.waiting.get(key, 0) + 1
        server.most[key] = max(server.most.get(key, 0), server.waiting[key])
        server.arrival.notify_all()
        server.arrival.wait_for(lambda: server.most[key] >= wanted, timeout=20)
        server.waiting[key] -= 1
    return plain(exchange, 200, str(server.most[key]).encode())


def redirect(exchange):
    """/redirect/302?to=URL"""
    return plain(exchange, int(exchange.words[1]), b"moved", f"Location: {exchange.query['to']}")


def count(exchange):
    """/count/KEY: how many requests ended in KEY so far."""
    return plain(exchange, 200, str(exchange.server.counts.get(exchange.words[1], 0)).encode())


def other_bytes(exchange):
    """What reached the second listener: connections and bytes."""
    other = exchange.server.other
    return plain(exchange, 200, f"{other.connections} {other.received}".encode())


def connections(exchange):
    return plain(exchange, 200, str(exchange.server.connections).encode())


ANSWERS = {name.replace("_", "-"): function for name, function in list(globals().items())
           if callable(function) and name not in ("head", "plain")}
