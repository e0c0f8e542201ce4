"""Mutations of JSON answers: bytes that flip, go, come twice; values, keys and texts that are not as they
were. All chance comes from `draw`."""

import random
import re
from typing import Callable

Mutation = Callable[[bytes, random.Random], bytes]
MUTATIONS: list[Mutation] = []

VALUE = re.compile(rb'(?<=[:\[,])(?:"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null)(?=[,}\]])')
TEXT = re.compile(rb'(?<=:)"((?:[^"\\]|\\.)*)"')
KEY = re.compile(rb'"(\w+)":')
MEMBER = re.compile(rb'"(\w+)":("(?:[^"\\]|\\.)*"|-?\d+|true|false|null)')
ID_MEMBER = re.compile(rb'"(device_id)":("[^"]*")')

OTHERS = (b"null", b"true", b"0", b"-1", b"1.5", b'""', b'"x"', b"[]", b"{}", b'[{"a":[1]}]')
NUMBERS = (b"9007199254740993", b"18446744073709551616", b"9" * 400, b"1e999", b"-0", b"1E+2147483648",
           b"0." + b"0" * 400 + b"1", b"NaN", b"-Infinity", b"0x10", b"01", b"1.", b"--1")
BROKEN = (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82", b"\xf4\x90\x80\x80", b"\x80", b"\\ud800",
          b"\\udc00\\ud800", b"\\u12", b"\\x", b"\x00", b"\\u0000", b"\x1b[2J", b"\n", b"\xef\xbb\xbf")
DEPTHS = (63, 64, 65, 1000, 100_000)


def mutation(run: Mutation) -> Mutation:
    MUTATIONS.append(run)
    return run


def mutated(data: bytes, draw: random.Random) -> tuple[bytes, str]:
    """One to three mutations, and their names."""
    chosen = [draw.choice(MUTATIONS) for _ in range(draw.choice((1, 1, 1, 2, 3)))]
    for run in chosen:
        data = run(data, draw)
    return data, "+".join(run.__name__ for run in chosen)


def span(data: bytes, draw: random.Random) -> tuple[int, int]:
    start = draw.randint(0, len(data))
    return start, min(len(data), start + int(draw.expovariate(1 / 40)))


def replaced(data: bytes, draw: random.Random, what: re.Pattern, by: Callable[[re.Match], bytes]) -> bytes:
    """One match of the pattern, drawn from all, becomes something else."""
    found = list(what.finditer(data))
    if not found:
        return data
    match = draw.choice(found)
    return data[:match.start()] + by(match) + data[match.end():]


@mutation
def bit_flips(data: bytes, draw: random.Random) -> bytes:
    bent = bytearray(data)
    for _ in range(draw.randint(1, 8) if bent else 0):
        bent[draw.randrange(len(bent))] ^= 1 << draw.randrange(8)
    return bytes(bent)


@mutation
def cut(data: bytes, draw: random.Random) -> bytes:
    return data[:draw.randint(0, len(data))]


@mutation
def lost_span(data: bytes, draw: random.Random) -> bytes:
    start, end = span(data, draw)
    return data[:start] + data[end:]


@mutation
def doubled_span(data: bytes, draw: random.Random) -> bytes:
    start, end = span(data, draw)
    return data[:end] + data[start:]


@mutation
def moved_span(data: bytes, draw: random.Random) -> bytes:
    start, end = span(data, draw)
    rest, at = data[:start] + data[end:], draw.randint(0, len(data) - (end - start))
    return rest[:at] + data[start:end] + rest[at:]


@mutation
def other_type(data: bytes, draw: random.Random) -> bytes:
    return replaced(data, draw, VALUE, lambda match: draw.choice(OTHERS))


@mutation
def odd_number(data: bytes, draw: random.Random) -> bytes:
    return replaced(data, draw, VALUE, lambda match: draw.choice(NUMBERS))


@mutation
def deep_value(data: bytes, draw: random.Random) -> bytes:
    depth = draw.choice(DEPTHS)
    pair = draw.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return replaced(data, draw, VALUE, lambda match: pair[0] * depth + b"1" + pair[1] * depth)


@mutation
def broken_text(data: bytes, draw: random.Random) -> bytes:
    """Bytes or escapes that are no text, somewhere inside of one."""
    def spoil(match: re.Match) -> bytes:
        text, at = match[1], draw.randint(0, len(match[1]))
        return b'"' + text[:at] + draw.choice(BROKEN) + text[at:] + b'"'
    return replaced(data, draw, TEXT, spoil)


@mutation
def long_text(data: bytes, draw: random.Random) -> bytes:
    return replaced(data, draw, TEXT, lambda match: b'"' + b"x" * draw.choice((255, 65536, 1 << 21))
                    + b'"')


@mutation
def key_twice(data: bytes, draw: random.Random) -> bytes:
    """Half of the time it is the id."""
    def double(match: re.Match) -> bytes:
        other = b'"%b":"mutant-%d"' % (match[1], draw.randrange(1000))
        return b",".join(draw.sample((match[0], other), 2))
    return replaced(data, draw, draw.choice((MEMBER, ID_MEMBER)), double)


@mutation
def other_key(data: bytes, draw: random.Random) -> bytes:
    keys = KEY.findall(data) or [b"k"]
    return replaced(data, draw, KEY, lambda match: b'"%b":' % draw.choice([*keys, b"", b"__proto__"]))


@mutation
def two_keys_swapped(data: bytes, draw: random.Random) -> bytes:
    found = list(KEY.finditer(data))
    if len(found) < 2:
        return data
    one, two = sorted(draw.sample(found, 2), key=lambda match: match.start())
    return (data[:one.start()] + two[0] + data[one.end():two.start()] + one[0] + data[two.end():])


@mutation
def something_around(data: bytes, draw: random.Random) -> bytes:
    around = draw.choice((b" \n\t", b"\xef\xbb\xbf", b"<!-- cached -->", b"null", b"[", b"]", b"\x00", b","))
    return data + around if draw.random() < 0.5 else around + data
