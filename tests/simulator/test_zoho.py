"""Zoho's accounts server: the consent page, codes, tokens, their limits and oddities."""

import json
import pathlib
import tempfile
import unittest
import urllib.parse

from .exchange import Request, parse_target
from .server import Server
from .vendor import open_tenant
from .zoho.browser import Browser, Form, PageError
from .zoho.regions import REGIONS

READ = "MDMOnDemand.MDMUser.READ"
CALLBACK = "http://127.0.0.1:8765/oauth/callback"


class ZohoCase(unittest.TestCase):
    OPTIONS = {}

    def setUp(self):
        self.world = open_tenant("manageengine", {"region": "eu", "devices": 4, **self.OPTIONS})
        self.accounts = self.world.accounts
        self.client = self.accounts.client

    def ask(self, method, target, form=None, host="accounts.zoho.eu", **headers):
        path, query = parse_target(target)
        body = urllib.parse.urlencode(form or {}).encode()
        return self.world.handle(Request(method, host, path, query, headers, body, target))

    def page(self, **more):
        asked = {"response_type": "code", "client_id": self.client.id, "redirect_uri": CALLBACK,
                 "scope": READ, "access_type": "offline", "prompt": "consent", "state": "s-1"}
        asked = {key: value for key, value in {**asked, **more}.items() if value is not None}
        return self.ask("GET", "/oauth/v2/auth?" + urllib.parse.urlencode(asked))

    def decide(self, page, decision="accept", **more):
        shown = Form(page.body.decode())
        user = {"user": shown.options[0]} if shown.options else {}
        form = {**shown.fields, **user, "decision": decision, **more}
        return self.ask("POST", "/oauth/v2/approve", form)

    @staticmethod
    def carried(reply):
        assert reply.status == 302, reply
        url = urllib.parse.urlsplit(dict(reply.headers)["Location"])
        return dict(urllib.parse.parse_qsl(url.query))

    def code(self, **more):
        return self.carried(self.decide(self.page(**more)))["code"]

    def token(self, **form):
        form = {"client_id": self.client.id, "client_secret": self.client.secret, **form}
        return self.ask("POST", "/oauth/v2/token", form)

    def exchange(self, code, **more):
        return self.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **more)

    def body(self, reply, status=200):
        self.assertEqual(reply.status, status)
        return json.loads(reply.body)

    def refresh(self, token):
        return self.token(grant_type="refresh_token", refresh_token=token)


class Consent(ZohoCase):
    def test_accepting_leads_back_with_code_state_and_data_centre(self):
        carried = self.carried(self.decide(self.page()))
        self.assertEqual((carried["state"], carried["location"], carried["accounts-server"]),
                         ("s-1", "eu", "https://accounts.zoho.eu"))
        self.assertIn("access_token", self.body(self.exchange(carried["code"])))

    def test_rejecting_is_access_denied(self):
        self.assertEqual(self.carried(self.decide(self.page(), "reject")),
                         {"error": "access_denied", "state": "s-1"})

    def test_what_cannot_be_believed_is_a_page_and_no_redirect(self):
        for odd in ({"client_id": "1000.NOBODY"}, {"redirect_uri": CALLBACK + "/"},
                    {"redirect_uri": "http://localhost:8765/oauth/callback"},
                    {"scope": "MDMOnDemand.Nothing.READ"}, {"response_type": "token"}):
            reply = self.page(**odd)
            self.assertEqual(reply.status, 200)
            self.assertIn(b"Error Occurred", reply.body)

    def test_a_ticket_is_good_once(self):
        page = self.page()
        self.decide(page)
        self.assertIn(b"expired", self.decide(page).body)

    def test_without_prompt_the_second_consent_gives_no_refresh_token(self):
        self.assertIn("refresh_token", self.body(self.exchange(self.code(prompt=None))))
        again = self.carried(self.page(prompt=None))  # no page at all
        self.assertNotIn("refresh_token", self.body(self.exchange(again["code"])))
        self.assertIn("refresh_token", self.body(self.exchange(self.code())))

    def test_online_access_gives_no_refresh_token(self):
        self.assertNotIn("refresh_token", self.body(self.exchange(self.code(access_type=None))))


class SecondFactor(ZohoCase):
    OPTIONS = {"accounts": {"mfa": True}}

    def test_a_trusted_browser_is_not_asked_for_180_days(self):
        second = self.decide(self.page())
        self.assertIn(b"Verify your identity", second.body)
        self.assertIn("code", self.carried(self.decide(second, mfa="postpone")))
        self.assertIn("code", self.carried(self.decide(self.page())))
        self.accounts.change("advance", seconds=181 * 86400)
        self.assertIn(b"Verify your identity", self.decide(self.page()).body)

    def test_a_session_that_is_open_in_the_console_is_in_the_way(self):
        self.accounts.change("console", is_open=True)
        self.assertIn(b"Additional authentication", self.page().body)
        self.accounts.change("console", is_open=False)
        self.assertIn(b"Accept", self.page().body)


class Codes(ZohoCase):
    def test_a_code_is_good_once_and_for_a_minute(self):
        code = self.code()
        self.exchange(code)
        self.assertEqual(self.body(self.exchange(code)), {"error": "invalid_code"})
        late = self.code()
        self.accounts.change("advance", seconds=61)
        self.assertEqual(self.body(self.exchange(late)), {"error": "invalid_code"})

    def test_errors_come_with_status_200(self):
        for form, error in (({"client_id": "1000.X"}, "invalid_client"),
                            ({"client_secret": "x"}, "invalid_client_secret"),
                            ({"redirect_uri": CALLBACK + "/"}, "invalid_redirect_uri")):
            form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK,
                    "code": self.code(), **form}
            self.assertEqual(self.body(self.token(**form)), {"error": error})

    def test_parameters_in_the_query_are_taken_as_well(self):
        form = {"grant_type": "authorization_code", "client_id": self.client.id, "code": self.code(),
                "client_secret": self.client.secret, "redirect_uri": CALLBACK}
        reply = self.ask("POST", "/oauth/v2/token?" + urllib.parse.urlencode(form))
        self.assertIn("access_token", self.body(reply))
        self.assertIn(("Cache-Control", "no-store"), reply.headers)

    def test_a_self_client_needs_no_redirect(self):
        code = self.accounts.change("self_client", scopes=[READ])["code"]
        found = self.body(self.token(grant_type="authorization_code", code=code))
        self.assertIn("refresh_token", found)

    def test_ten_codes_in_ten_minutes(self):
        for _ in range(10):
            self.code()
        self.assertIn(self.decide(self.page()).status, (200, 400))
        self.accounts.change("advance", seconds=601)
        self.code()

    def test_pkce_is_held_to(self):
        code = self.code(code_challenge="abc", code_challenge_method="plain")
        self.assertEqual(self.body(self.exchange(code)), {"error": "invalid_code"})
        code = self.code(code_challenge="abc", code_challenge_method="plain")
        self.assertIn("access_token", self.body(self.exchange(code, code_verifier="abc")))


class Tokens(ZohoCase):
    def test_a_refresh_does_not_rotate_and_scopes_are_spelled_in_turns(self):
        first = self.body(self.exchange(self.code(scope=f"{READ},MDMOnDemand.MDMInventory.READ")))
        answers = [self.body(self.refresh(first["refresh_token"])) for _ in range(2)]
        self.assertTrue(all("refresh_token" not in answer for answer in answers))
        self.assertEqual([first["scope"].count(" "), answers[0]["scope"].count(","),
                          answers[1].get("scope")], [1, 1, None])
        self.assertEqual((first["token_type"], first["expires_in"]), ("Bearer", 3600))

    def test_ten_refreshes_in_ten_minutes_then_access_denied(self):
        token = self.body(self.exchange(self.code()))["refresh_token"]
        for _ in range(9):  # the exchange was the first
            self.assertIn("access_token", self.body(self.refresh(token)))
        throttled = [self.refresh(token) for _ in range(2)]
        self.assertEqual({reply.status for reply in throttled}, {200, 400})
        for reply in throttled:
            found = json.loads(reply.body)
            self.assertEqual((found["error"], found["status"]), ("Access Denied", "failure"))
            self.assertIn("too many requests", found["error_description"])
        self.accounts.change("advance", seconds=601)
        self.assertIn("access_token", self.body(self.refresh(token)))

    def test_the_eleventh_access_token_pushes_out_the_first(self):
        first = self.body(self.exchange(self.code()))
        for _ in range(2):
            self.accounts.change("advance", seconds=601)
            for _ in range(5):
                self.refresh(first["refresh_token"])
        self.assertIsNone(self.accounts.grants.access(first["access_token"]))

    def test_the_21st_refresh_token_takes_the_first_ones_place(self):
        self.accounts.change("revoke_all")
        first = self.body(self.exchange(self.code()))
        for _ in range(19):
            self.accounts.change("advance", seconds=61)
            self.exchange(self.code())
        self.assertIn("access_token", self.body(self.refresh(first["refresh_token"])))
        self.accounts.change("advance", seconds=61)
        self.exchange(self.code())
        self.assertEqual(self.body(self.refresh(first["refresh_token"])), {"error": "invalid_code"})
        self.assertIsNone(self.accounts.grants.access(first["access_token"]))

    def test_five_refresh_tokens_a_minute(self):
        for _ in range(5):
            self.assertIn("refresh_token", self.body(self.exchange(self.code())))
        self.assertIn(b"Access Denied", self.exchange(self.code()).body)

    def test_revoking_takes_the_access_tokens_along(self):
        found = self.body(self.exchange(self.code()))
        revoke = {"token": found["refresh_token"]}
        self.assertEqual(self.body(self.ask("POST", "/oauth/v2/token/revoke", revoke)),
                         {"status": "success"})
        self.assertIsNone(self.accounts.grants.access(found["access_token"]))
        self.assertEqual(self.ask("POST", "/oauth/v2/token/revoke", revoke).status, 400)
        other = self.body(self.exchange(self.code()))["refresh_token"]
        form = {"token": other, "client_id": self.client.id, "client_secret": self.client.secret,
                "token_type": "refresh_token"}
        self.assertEqual(self.body(self.ask("POST", "/oauth/v2/revoke/token", form)),
                         {"status": "success"})

    def test_tokens_die_with_their_user(self):
        found = self.body(self.exchange(self.code()))
        self.accounts.change("remove_user")
        self.assertEqual(self.body(self.refresh(found["refresh_token"])), {"error": "invalid_code"})
        self.assertIsNone(self.accounts.grants.access(found["access_token"]))

    def test_the_clock_ends_them(self):
        token = self.body(self.exchange(self.code()))["access_token"]
        self.accounts.change("advance", seconds=3599)
        self.assertIsNotNone(self.accounts.grants.access(token))
        self.accounts.change("advance", seconds=2)
        self.assertIsNone(self.accounts.grants.access(token))


class DataCentres(ZohoCase):
    OPTIONS = {"forward_from": "us", "accounts": {"expires_in_ms": True}}

    def test_another_data_centre_forwards_the_browser_and_knows_no_token(self):
        reply = self.ask("GET", "/oauth/v2/auth?scope=x", host="accounts.zoho.com")
        self.assertEqual(dict(reply.headers)["Location"],
                         "https://accounts.zoho.eu/oauth/v2/auth?scope=x")
        form = {"grant_type": "authorization_code", "code": self.code()}
        reply = self.ask("POST", "/oauth/v2/token", form, host="accounts.zoho.com")
        self.assertEqual(self.body(reply), {"error": "invalid_code"})

    def test_milliseconds_in_expires_in(self):
        found = self.body(self.exchange(self.code()))
        self.assertEqual((found["expires_in"], found["expires_in_sec"]), (3_600_000, 3600))

    def test_the_rows_where_the_suffix_rule_fails(self):
        self.assertEqual(REGIONS["ca"].accounts, "accounts.zohocloud.ca")
        self.assertEqual(REGIONS["cn"].accounts, "accounts.zoho.com.cn")
        self.assertEqual(REGIONS["au"].servicedesk_plus, "servicedeskplus.net.au")
        listed = self.body(self.ask("GET", "/oauth/serverinfo"))["locations"]
        self.assertEqual(listed["ca"], "https://accounts.zohocloud.ca")


class AtABrowser(ZohoCase):
    """Over TLS, through all pages, from another data centre's door."""

    OPTIONS = {"forward_from": "us", "accounts": {"mfa": True},
               "organisations": ["acme", "beta"]}

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="muster-sim-test-")
        self.addCleanup(folder.cleanup)
        server = Server(pathlib.Path(folder.name), [self.world])
        server.start()
        self.addCleanup(server.stop)
        self.browser = Browser(server.port, str(server.ca_file))

    def url(self, host="accounts.zoho.eu", **more):
        asked = {"response_type": "code", "client_id": self.client.id, "redirect_uri": CALLBACK,
                 "scope": READ, "access_type": "offline", "prompt": "consent", "state": "s-2"}
        return f"https://{host}/oauth/v2/auth?" + urllib.parse.urlencode({**asked, **more})

    def test_it_is_sent_back_with_the_home_of_the_user(self):
        back = self.browser.consent(self.url("accounts.zoho.com"), user="admin@beta.example")
        self.assertTrue(back.startswith(CALLBACK + "?"), back)
        carried = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
        self.assertEqual((carried["location"], carried["state"]), ("eu", "s-2"))
        found = self.body(self.exchange(carried["code"]))
        access = self.accounts.grants.access(found["access_token"])
        self.assertEqual(access.user.organisation, "beta")

    def test_it_can_refuse_and_be_refused(self):
        self.assertIn("error=access_denied", self.browser.consent(self.url(), decision="reject"))
        with self.assertRaisesRegex(PageError, "Invalid Redirect Uri"):
            self.browser.consent(self.url(redirect_uri="http://127.0.0.1:1/"))


if __name__ == "__main__":
    unittest.main()
