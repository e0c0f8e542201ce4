"""The vendor's own published sample responses, served verbatim from a HAR file.

A request gets the sample of its method and path whose query it has, else the first that asks for
nothing in particular and succeeded. A page after the first is the end: [] for /devices, the 400 of
a cursor service for Prism.
"""

import json
import pathlib
import re
import urllib.parse
from typing import Any, Optional

from ..exchange import Reply, Request, json_reply, parse_target
from ..vendor import Service, SpecError
from . import truth
from .access import Access
from .prism import asked_offset, bad_request
from .service import not_found

DEVICES, APPS = "/api/v1/devices", "/api/v1/prism/apps"


class Sample:
    def __init__(self, entry: dict[str, Any]):
        url = urllib.parse.urlsplit(entry["request"]["url"])
        self.title = entry.get("comment", "")
        self.method = entry["request"]["method"]
        target = url.path + ("?" + url.query if url.query else "")
        self.path, self.query = parse_target(target)
        pattern = re.sub(r"\\\{\w+\\\}|:\w+", "[^/]+", re.escape(self.path))
        self.pattern = re.compile(pattern)
        self.status = entry["response"]["status"]
        self.text = entry["response"]["content"].get("text", "")

    def reply(self) -> Reply:
        if not self.text:
            return Reply(status=self.status, content_type=None)
        return Reply(status=self.status, body=self.text.encode())


def read_samples(path: pathlib.Path) -> list[Sample]:
    har = json.loads(path.read_text(encoding="utf-8"))
    return [Sample(entry) for entry in har["log"]["entries"]]


class SampleService(Service):
    """The host of the samples with nothing but the samples. Options: har, host, tenant, token."""

    def __init__(self, spec: dict[str, Any]):
        spec = dict(spec)
        path = pathlib.Path(spec.pop("har"))
        if not path.is_file():
            raise SpecError(f"no such HAR file: {path}")
        self.samples = read_samples(path)
        name = spec.pop("tenant", "accuhive")
        self.hosts = (spec.pop("host", None) or f"{name}.api.kandji.io",)
        self.access = Access(spec)

    def describe(self) -> dict[str, Any]:
        return {"vendor": "kandji", "tenant": self.hosts[0].split(".")[0],
                "token": self.access.token, "admin_token": self.access.admin_token,
                "devices": len(self.body_of(DEVICES))}

    def locate(self, request: Request) -> Optional[int]:
        return None

    def find(self, request: Request) -> Optional[Sample]:
        fitting = [s for s in self.samples
                   if s.method == request.method and s.pattern.fullmatch(request.path)]
        exact = [s for s in fitting if s.query and s.query.items() <= request.query.items()]
        plain = [s for s in fitting if not s.query and s.status < 300]
        return next(iter(exact + plain), None)

    def handle(self, request: Request) -> Reply:
        refused = self.access.refuse(request, None)
        if refused:
            return refused
        if asked_offset(request) > 0 or request.query.get("cursor"):
            is_prism = request.path.startswith("/api/v1/prism/")
            return bad_request("Invalid page") if is_prism else json_reply([])
        sample = self.find(request)
        return sample.reply() if sample else not_found()

    def body_of(self, path: str) -> Any:
        sample = self.find(Request("GET", self.hosts[0], path, {}, {}))
        if sample is None:
            raise SpecError(f"the HAR file has no sample of GET {path}")
        return json.loads(sample.text)

    def truth(self, **options: Any) -> dict[str, list[dict]]:
        return truth.canonical_rows(self.body_of(DEVICES), self.body_of(APPS)["data"], **options)

    def change(self, op: str, **args: Any) -> dict[str, Any]:
        raise SpecError("the vendor's samples do not change")
