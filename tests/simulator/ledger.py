"""The ledger: every request that arrived and what was served for it, in memory and on disk.

It is the witness of the tests: what a client asked, how often, with which token (as a SHA-256),
and which rows it was given. No credential of a header is in it. `ids` are those of the vendor's
honest page, before a fault bent it; `rows` is how many were really sent. `together`: how many answers
were being given when this one began, itself among them.
"""

import hashlib
import json
import pathlib
import threading
import time
from typing import Any, Optional

from .exchange import Reply, Request

CLOSING_S = 0.5
SECRET_HEADERS = ("authorization", "cookie", "x-api-key", "aw-tenant-code")


def fingerprint(secret: str) -> str:
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()


def safe_headers(headers: dict[str, str]) -> dict[str, str]:
    return {name: fingerprint(value) if name in SECRET_HEADERS else value
            for name, value in headers.items()}


class Ledger:
    """Entries are numbered from 1 in the order in which their answers began."""

    def __init__(self, path: pathlib.Path, keep_ids: bool = True):
        self.keep_ids = keep_ids
        self.entries: list[dict[str, Any]] = []
        self.handshake_errors: list[str] = []
        self.under_way = 0
        self.lock = threading.Condition()
        self.file = open(path, "a", encoding="utf-8", buffering=1)

    def open_entry(self, request: Request, page: Optional[int], faults: list[str],
                   reply: Reply) -> dict[str, Any]:
        """Notes a request and what it is about to be given; close_entry completes it."""
        entry = {
            "n": 0, "time": time.time(), "host": request.host, "method": request.method,
            "path": request.path, "target": request.target, "query": request.query,
            "headers": safe_headers(request.headers),
            "body": request.body.decode("utf-8", "replace"), "page": page,
            "status": reply.status, "faults": faults, "rows": None, "ids": None,
            "bytes": None, "whole": None, "together": 0,
        }
        if reply.page is not None:
            entry["rows"] = len(reply.page.rows) if isinstance(reply.page.rows, list) else None
            entry["ids"] = reply.page.ids if self.keep_ids else None
        with self.lock:
            self.under_way += 1
            entry["n"], entry["together"] = len(self.entries) + 1, self.under_way
            self.entries.append(entry)
        return entry

    def close_entry(self, entry: dict[str, Any], sent: int, whole: bool) -> None:
        """`whole`: the client took every byte that was to be sent."""
        with self.lock:
            self.under_way -= 1
            entry.update(bytes=sent, whole=whole)
            self.lock.notify_all()
            self.file.write(json.dumps(entry, ensure_ascii=True) + "\n")

    def note_handshake(self, error: Exception) -> None:
        with self.lock:
            self.handshake_errors.append(str(error))

    def read(self, since: int = 0, **wanted: Any) -> list[dict[str, Any]]:
        """Entries after number `since` whose fields equal the wanted ones. A client can be done
        with an answer before its entry is closed, so that moment is waited for."""
        with self.lock:
            self.lock.wait_for(lambda: all(e["bytes"] is not None for e in self.entries), CLOSING_S)
            return [dict(entry) for entry in self.entries[since:]
                    if all(entry.get(key) == value for key, value in wanted.items())]

    def clear(self) -> None:
        with self.lock:
            self.entries.clear()
            self.handshake_errors.clear()

    def close(self) -> None:
        with self.lock:
            self.file.close()
