"""Faults that answer in the vendor's place, ask it something else, or change it afterwards."""

import email.utils
import time
from typing import Any, Optional

from .exchange import Reply, Request, empty_reply, encode_json, html_reply, json_reply
from .faults import fault
from .vendor import Service


def refusal(status: int, shape: str, text: str) -> Reply:
    """One refusal in the shapes that vendors and the boxes before them use."""
    if shape == "empty":
        return empty_reply(status)
    if shape == "html":
        return html_reply(status, text)
    if shape == "string":
        return json_reply(text, status)
    if shape == "message":
        return json_reply({"message": text, "request_id": "5c0f2f4b3e1a4d0b9a7c"}, status)
    return json_reply({shape: text}, status)


def retry_after_value(retry_after: Any, ahead_s: int) -> Optional[str]:
    if retry_after == "date":
        return email.utils.formatdate(time.time() + ahead_s, usegmt=True)
    return None if retry_after is None else str(retry_after)


@fault("answer")
def too_many_requests(request: Request, *, retry_after: Any = 1, ahead_s: int = 1,
                      shape: str = "message") -> Reply:
    """429. `retry_after`: seconds; "date" (an HTTP-date `ahead_s` from now); any text as it is
    ("-1", "99999999", "soon"); null for no such header."""
    reply = refusal(429, shape, "API rate limit exceeded")
    value = retry_after_value(retry_after, ahead_s)
    if value is not None:
        reply.headers.append(("Retry-After", value))
    return reply


@fault("answer")
def server_error(request: Request, *, status: int = 500, shape: str = "html") -> Reply:
    """500 or any other status with an error body (`shape`: html, empty, string, message, detail,
    error)."""
    return refusal(status, shape, "Server Error")


@fault("answer")
def unavailable(request: Request, *, retry_after: Any = None, ahead_s: int = 1) -> Reply:
    """503, HTML as a load balancer sends it; `retry_after` as in too_many_requests."""
    reply = html_reply(503, "503 Service Temporarily Unavailable")
    value = retry_after_value(retry_after, ahead_s)
    if value is not None:
        reply.headers.append(("Retry-After", value))
    return reply


@fault("answer")
def unauthorized(request: Request, *, shape: str = "detail") -> Reply:
    """401. With from_page=k and times=0: the token expires at page k."""
    return refusal(401, shape, "Invalid token.")


@fault("answer")
def forbidden(request: Request, *, shape: str = "detail") -> Reply:
    """403. With from_page=k and times=0: the permission is taken away at page k."""
    return refusal(403, shape, "You do not have permission to perform this action.")


@fault("answer")
def not_found(request: Request, *, shape: str = "detail") -> Reply:
    """404."""
    return refusal(404, shape, "Not found.")


@fault("answer")
def expired_cursor(request: Request, *, shape: str = "detail") -> Reply:
    """400 as for a cursor that is too old."""
    return refusal(400, shape, "Invalid cursor")


@fault("answer")
def redirect(request: Request, *, status: int = 302, to: str = "https://evil.example/api") -> Reply:
    """A 30x to `to`, by default at another host; `to` may also be "//host/", "http://..." ..."""
    return Reply(status=status, content_type=None, headers=[("Location", to)])


@fault("answer")
def html_page(request: Request, *, status: int = 200, text: str = "Sign in") -> Reply:
    """A login page with status 200 and Content-Type text/html."""
    return html_reply(status, text)


@fault("answer")
def html_as_json(request: Request, *, text: str = "Sign in") -> Reply:
    """The login page again, but called application/json."""
    reply = html_reply(200, text)
    reply.content_type = "application/json"
    return reply


@fault("answer")
def empty_body(request: Request, *, status: int = 200) -> Reply:
    """200 with Content-Type application/json and not one byte."""
    return Reply(status=status)


@fault("answer")
def body(request: Request, *, value: Any = None, status: int = 200) -> Reply:
    """Any JSON value as the whole body: {}, null, 42, "text"."""
    return Reply(status=status, body=encode_json(value))


@fault("answer")
def empty_object(request: Request) -> Reply:
    """200 with the body {}."""
    return json_reply({})


@fault("request")
def ignore_paging(request: Request) -> Request:
    """The vendor forgets where the client is: every page is the first one."""
    return request.without("offset", "cursor", "page")


@fault("after")
def drift_insert(service: Service) -> None:
    """After the answer a row is added before all others: an offset walk meets one row twice."""
    service.change("insert_first")


@fault("after")
def drift_delete(service: Service) -> None:
    """After the answer the first row is removed: an offset walk skips one row."""
    service.change("remove_first")


@fault("after")
def change_after(service: Service, *, op: str = "", args: Optional[dict] = None) -> None:
    """After the answer any change (`op`, `args`) is made to the tenant."""
    service.change(op, **(args or {}))
