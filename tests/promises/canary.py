"""Secrets that must not turn up anywhere, in whatever spelling they might have been written down."""

import base64
import json
import random
import string
import urllib.parse
from typing import Iterable

ALPHABET = string.ascii_letters + string.digits


def new(draw: random.Random, name: str) -> str:
    """A secret like no other, with characters that encodings treat in different ways."""
    noise = "".join(draw.choice(ALPHABET) for _ in range(24))
    return f"{name}-{noise[:8]}/+=~{noise[8:]}"


def base64_forms(data: bytes) -> Iterable[bytes]:
    """What stands in the base64 of any text that contains the data, at each alignment."""
    for start in range(3):
        padded = base64.b64encode(b"\0" * start + data + b"\0\0")
        inner = padded[4 if start else 0:len(padded) - 8]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


def json_forms(secret: str) -> set[bytes]:
    """Escaped, also with "/" as PHP does it; and each of these in a JSON text within a JSON text."""
    once = {json.dumps(secret)[1:-1], json.dumps(secret)[1:-1].replace("/", "\\/")}
    twice = {json.dumps(text)[1:-1] for text in once}
    return {text.encode() for text in once | twice | {text.replace("/", "\\/") for text in twice}}


def forms(secret: str) -> set[bytes]:
    """Raw, base64 (and its URL alphabet) at each alignment, hex in both cases, percent-encoded in
    three ways, escaped in JSON once and twice, UTF-16 in both orders, backwards."""
    data = secret.encode()
    percent = {urllib.parse.quote(secret, safe=""), urllib.parse.quote(secret),
               urllib.parse.quote_plus(secret), urllib.parse.quote(secret, safe="").lower()}
    return {data, data[::-1], data.hex().encode(), data.hex().upper().encode(),
            secret.encode("utf-16-le"), secret.encode("utf-16-be"),
            *json_forms(secret), *base64_forms(data), *(text.encode() for text in percent)}


class Canaries:
    """Several secrets by name."""

    def __init__(self, secrets: dict[str, str]):
        self.forms = [(name, form) for name, secret in secrets.items() for form in forms(secret)]

    def found_in(self, data: bytes) -> list[str]:
        """The names of those that are in the data."""
        return sorted({name for name, form in self.forms if form in data})
