"""What a browser is shown: the sign-in and consent page, and the pages of errors."""

import html

from ..exchange import Reply

PAGE = """<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>
{body}</body></html>"""

CONSENT = """<p>{client} would like to access the following information.</p><ul>{scopes}</ul>
<form method="post" action="/oauth/v2/approve">
<input type="hidden" name="ticket" value="{ticket}">
<select name="user">{users}</select>
<button name="decision" value="accept">Accept</button>
<button name="decision" value="reject">Reject</button></form>"""

MFA = """<form method="post" action="/oauth/v2/approve">
<input type="hidden" name="ticket" value="{ticket}"><input type="hidden" name="user" value="{user}">
<input type="hidden" name="decision" value="{decision}">
<button name="mfa" value="once">Verify</button>
<button name="mfa" value="postpone">Verify, and trust this browser for 180 days</button></form>"""


def page(title: str, body: str, status: int = 200) -> Reply:
    text = PAGE.format(title=html.escape(title), body=body)
    return Reply(status=status, body=text.encode(), content_type="text/html;charset=UTF-8")


def error_page(text: str) -> Reply:
    """An error that must not be redirected: client or address cannot be believed. Status 200."""
    return page("Error Occurred", f"<p>{html.escape(text)}</p>")


def consent_page(client: str, scopes: tuple[str, ...], users: list[str], ticket: str) -> Reply:
    return page("Accounts", CONSENT.format(
        client=html.escape(client), ticket=html.escape(ticket),
        scopes="".join(f"<li>{html.escape(scope)}</li>" for scope in scopes),
        users="".join(f"<option>{html.escape(user)}</option>" for user in users)))


def mfa_page(ticket: str, user: str, decision: str) -> Reply:
    fields = {"ticket": ticket, "user": user, "decision": decision}
    return page("Verify your identity",
                MFA.format(**{name: html.escape(value) for name, value in fields.items()}))
