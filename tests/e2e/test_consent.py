"""A person's consent through the browser: the loopback redirect, the browser, what hostile callers send."""

import os
import signal
import socket
import unittest
import urllib.parse

from consent_case import ACCOUNT, CALLBACK, HOST, LOGIN, ConsentCase
from terminal import Terminal

PASTE = "The address that the browser ends at, or a code of the console (not shown): "


class Loopback(ConsentCase):
    def test_the_browser_comes_back_by_itself(self):
        waiting = self.start(*self.words())
        answer, text, _ = self.consent(waiting)
        self.assertIn("Muster has the consent", text)
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
        self.assertNotIn("://", text)
        self.sync(account=ACCOUNT)
        self.assertEqual(len(self.muster.rows("devices", ACCOUNT)), 12)

    def test_nobody_listens_afterwards(self):
        self.connect_harbor()
        with socket.socket() as one:
            self.assertNotEqual(one.connect_ex(("127.0.0.1", self.port)), 0)

    def test_the_code_is_nowhere(self):
        waiting = self.start(*self.words("-v", "-v"))
        back = self.sent_to(waiting.url)
        self.come_back(back)
        self.assertEqual(waiting.end()[0], 0, waiting.err)
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))["code"]
        self.assertNotIn(code, waiting.err)
        for file in (self.muster.folder / "project").rglob("*"):
            self.assertNotIn(code.encode(), file.read_bytes() if file.is_file() else b"", file)

    def test_a_refusal_is_shown_escaped_and_short(self):
        self.change("set", refuses={
            "error": "access_denied",
            "error_description": "<script>alert(1)</script>\x1b[31m" + "x" * 5000})
        waiting = self.start(*self.words())
        _, text, _ = self.consent(waiting, code=4)
        self.assertNotIn("<script>", text)
        self.assertIn("&#60;script&#62;", text)
        self.assertLess(len(text), 2000)
        self.assertNotIn("\x1b", text + waiting.err)
        self.assertLess(len(waiting.err), 3000)
        self.assertEqual(self.muster.value("SELECT count(*) FROM accounts"), 0)

    def test_ctrl_c_ends_it(self):
        for signum in (signal.SIGINT, signal.SIGTERM):
            waiting = self.start(*self.words())
            os.kill(waiting.process.pid, signum)
            code, _ = waiting.end()
            self.assertEqual(code, 130)
            self.assertIn("nobody consented", waiting.err)
        self.assertEqual(self.muster.value("SELECT count(*) FROM credentials"), 0)

    def test_without_input_nobody_is_waited_for(self):
        run = self.muster.run(*self.words("--quiet", "--no-input"))
        self.assertEqual(run.code, 2, run)
        self.assertIn(f"https://{LOGIN}/", run.err)
        self.assertIn("nobody can be asked", run.err)
        self.assertIn("--secret-file code=PATH", run.err)
        self.assertNotIn("Muster waits", run.err)

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", self.port)):
            run = self.muster.run(*(word for word in self.words() if word != "--no-input"))
            self.assertEqual(run.code, 5, run)
            self.assertIn(f"cannot listen on 127.0.0.1:{self.port}: Address already in use", run.err)
            self.assertIn("--secret-file code=PATH", run.err)
            code = self.muster.secret_file(self.change("make_code")["code"], "code")
            run = self.muster.run(*self.words("--secret-file", f"code={code}"))
            self.assertEqual(run.code, 0, run)


class Hostile(ConsentCase):
    def setUp(self):
        super().setUp()
        self.waiting = self.start(*self.words())
        self.back = self.sent_to(self.waiting.url)

    def assert_still_waiting(self, strangers):
        self.come_back(self.back)
        self.assertEqual(self.waiting.end()[0], 0, self.waiting.err)
        said = f"Somebody else sent {strangers} answer(s)"
        self.assertEqual(said in self.waiting.err, strangers > 0, self.waiting.err)
        self.assertEqual(self.muster.account(ACCOUNT)["tenant"], HOST)

    def status(self, url, **more):
        return self.fetch(url, **more)[0].status

    def test_states_that_are_not_ours(self):
        clean = self.back.partition("?")[0]
        for query in ("?code=evil&state=forged", "?code=evil", "?", "", "?state=", "?%zz&state=x",
                      self.back.partition("?")[2].join("??") + "&state=twice",
                      "?error=access_denied&state=forged"):
            answer, text = self.fetch(clean + query)
            self.assertEqual(answer.status, 400, query)
            self.assertNotIn("evil", text)
        self.assert_still_waiting(8)

    def test_other_places_methods_and_hosts(self):
        port = self.port
        for path in ("/", "/favicon.ico", f"{CALLBACK}/", "/oauth/Callback", "//oauth/callback",
                     "/oauth/%63allback", "/oauth/../oauth/callback"):
            self.assertEqual(self.status(f"http://127.0.0.1:{port}{path}?code=a&state=b"), 404, path)
        for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS"):
            answer, _ = self.fetch(self.back, method=method)
            self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET"), method)
        for host in ("evil.example", f"localhost:{port}", "127.0.0.1", f"127.0.0.1:{port}.evil.example"):
            self.assertEqual(self.status(self.back, headers={"Host": host}), 421, host)
        self.assert_still_waiting(0)

    def raw(self, data):
        """The status line of what is no request that a browser would send; b"" when it was cut off."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as one:
            one.sendall(data)
            try:
                return one.makefile("rb").readline().split(b" ")[1:2]
            except ConnectionResetError:
                return []

    def test_requests_that_are_too_much(self):
        host = f"Host: 127.0.0.1:{self.port}\r\n".encode()
        target = self.back.encode().partition(str(self.port).encode())[2]
        for data in (
                b"GET " + CALLBACK.encode() + b"?state=" + b"a" * 100_000 + b" HTTP/1.1\r\n" + host + b"\r\n",
                b"GET " + target + b" HTTP/1.1\r\n" + host + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
                b"GET " + target + b" HTTP/1.1\r\n" + host + b"Content-Length: 5\r\n\r\nhello",
                b"GET " + target + b" HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                b"GET " + target + b" HTTP/1.1\r\n" + host + host + b"\r\n",
                b"GET " + target + b" HTTP/1.1\r\n\r\n",
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"):
            status = self.raw(data)
            self.assertTrue(status == [] or status[0].startswith((b"4", b"5")), (data[:80], status))
        answer, _ = self.fetch(self.back.partition("?")[0] + "?state=" + "a" * 9000)
        self.assertEqual(answer.status, 400)
        self.assert_still_waiting(1)

    def test_connections_that_say_nothing(self):
        idle = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(10)]
        self.addCleanup(lambda: [one.close() for one in idle])
        idle[0].sendall(b"GET /oauth/call")
        self.assert_still_waiting(0)

    def test_a_flood_is_told_so_and_changes_nothing(self):
        clean = self.back.partition("?")[0]
        statuses = [self.status(f"{clean}?state={n}") for n in range(60)]
        self.assertEqual(statuses, [400] * 20 + [429] * 40)
        self.assert_still_waiting(20)

    def test_an_answer_that_comes_twice(self):
        answer, _ = self.fetch(self.back)
        self.assertEqual(answer.status, 303)
        answer, text = self.fetch(self.back)
        self.assertEqual(answer.status, 400)
        self.assertIn("has had its answer", text)
        self.fetch(self.back.partition("?")[0])
        self.assertEqual(self.waiting.end()[0], 0, self.waiting.err)
        posted = [entry for entry in self.sim.ledger(host=LOGIN, path="/oauth/token")]
        self.assertEqual(len(posted), 1)


class Places(ConsentCase):
    """What the browser says about where the login lives selects a row of the closed table, or nothing."""

    def come_back_with(self, code, **returns):
        self.change("set", returns={name.replace("_", "-"): value for name, value in returns.items()})
        waiting = self.start(*self.words())
        _, text, _ = self.consent(waiting, code=code)
        return waiting.err, text

    def token_calls(self):
        return self.sim.ledger(host=LOGIN, path="/oauth/token")

    def test_the_account_s_own_place_in_any_spelling(self):
        self.come_back_with(0, login_server="HTTPS://North.harbor.example/", region="NORTH",
                            iss="https://harbor.example")
        self.assertEqual(len(self.token_calls()), 1)

    def test_another_place_that_is_known(self):
        for returns in ({"login_server": "https://south.harbor.example"}, {"region": "south"}):
            said, _ = self.come_back_with(6, **returns)
            self.assertIn('this login lives in "south": connect it with --set region=south', said)
        self.assertEqual(self.token_calls(), [])

    def test_a_place_of_nobody_we_know_gets_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as evil:
            evil.setblocking(False)
            address = f"https://127.0.0.1:{evil.getsockname()[1]}"
            for returns in ({"login_server": address}, {"iss": address},
                            {"region": "<b>\x1b[31m" + "x" * 3000}):
                said, text = self.come_back_with(6, **returns)
                self.assertIn("nothing was sent there", said)
                self.assertNotIn("<b>", text)
                self.assertNotIn("\x1b", said + text)
                self.assertLess(len(text), 2000)
            with self.assertRaises(BlockingIOError):
                evil.accept()
        self.assertEqual(self.token_calls(), [])
        self.assertEqual(self.muster.value("SELECT count(*) FROM accounts"), 0)


class RedirectUris(ConsentCase):
    def test_what_cannot_be_one(self):
        for uri in ("http://localhost:8765/oauth/callback", "http://evil.example/callback",
                    "http://127.0.0.1:0/cb", "http://127.0.0.1:70000/cb", "http://127.0.0.1:8765",
                    "http://127.0.0.1:8765/a?b", "http://127.0.0.1:8765//evil.example",
                    "http://127.0.0.1.evil.example/cb", "http://127.0.0.1:1@evil.example/cb",
                    "https://", "https://a b/cb", "https://u@evil.example/cb", "ftp://x/y", ""):
            run = self.muster.run(*self.words(redirect=uri or " "))
            self.assertEqual(run.code, 2, (uri, run))
            self.assertIn("the redirect URI", run.err)

    def test_a_public_address_is_pasted(self):
        public = "https://muster.acme.example/oauth/callback"
        run = self.muster.run(*self.words(redirect=public))
        self.assertEqual(run.code, 2, run)
        self.assertIn(urllib.parse.quote(public, safe=""), run.err)
        self.assertIn("--secret-file code=PATH", run.err)
        self.assertNotIn("Muster waits", run.err)

    def test_it_stays_with_the_credential(self):
        self.change("set", redirects=[self.redirect])
        self.connect_harbor()
        secret = self.muster.secret_file(self.sim.token(HOST), "acme")
        waiting = self.start("accounts", "reconnect", ACCOUNT, "--secret-file", f"secret={secret}",
                             "--no-input")
        self.assertIn(urllib.parse.quote(self.redirect, safe=""), waiting.url)
        self.consent(waiting)
        shown = self.muster.must("credentials", "show", ACCOUNT, "--json").json()
        self.assertEqual(shown["redirect_uri"], self.redirect)

    def test_vendors_show_it_before_the_client_is_registered(self):
        shown = self.muster.must("vendors", "show", "manageengine_mdm", "--json").json()
        self.assertEqual(shown["redirect_uri"], "http://127.0.0.1:8765/oauth/callback")
        self.assertEqual(shown["homepage_url"], "http://127.0.0.1:8765")
        shown = self.muster.must("vendors", "show", "kandji", "--json").json()
        self.assertIsNone(shown["redirect_uri"])

    def test_a_vendor_without_consent_takes_none(self):
        run = self.muster.run("connect", "kandji", "--no-input", "--redirect-uri", self.redirect)
        self.assertEqual(run.code, 2, run)
        self.assertIn("asks no one for consent", run.err)


class AtATerminal(ConsentCase):
    def terminal(self, *extra, **more):
        words = [word for word in self.words(*extra) if word != "--no-input"]
        return Terminal(self.muster.command(*words), {**self.muster.environment, **more}, columns=4000)

    def url_of(self, terminal):
        terminal.wait_for(PASTE)
        return next(line.strip() for line in terminal.shown.splitlines()
                    if line.startswith("  https://"))

    def test_the_redirect_is_told_before_anything_is_asked(self):
        with self.terminal() as terminal:
            terminal.wait_for(f"Redirect URI to register: {self.redirect}   "
                              f"homepage URL: http://127.0.0.1:{self.port}")

    def test_the_browser_is_quicker(self):
        with self.terminal() as terminal:
            self.come_back(self.sent_to(self.url_of(terminal)))
            terminal.end()
            self.assertEqual(terminal.code, 0, terminal.shown)

    def test_pasting_is_quicker(self):
        with self.terminal() as terminal:
            back = self.sent_to(self.url_of(terminal))
            self.assertFalse(terminal.has_echo())
            terminal.answer(PASTE, "http://127.0.0.1/x?code=a&state=b\n")
            terminal.wait_for("does not belong to this attempt")
            terminal.answer("Once again, please.", back + "\n")
            shown = terminal.end()
            self.assertEqual(terminal.code, 0, shown)
            self.assertNotIn("code=", shown)

    def test_ctrl_c_gives_the_terminal_back(self):
        with self.terminal() as terminal:
            terminal.wait_for(PASTE)
            terminal.answer(PASTE, "half\x03")
            terminal.end()
            self.assertEqual(terminal.code, 130, terminal.shown)
            self.assertEqual(self.muster.value("SELECT count(*) FROM accounts"), 0)

    def test_a_port_that_is_taken_leaves_pasting(self):
        with socket.create_server(("127.0.0.1", self.port)), self.terminal() as terminal:
            back = self.sent_to(self.url_of(terminal))
            self.assertIn("the browser cannot come back by itself", terminal.shown)
            terminal.answer(PASTE, back + "\n")
            terminal.end()
            self.assertEqual(terminal.code, 0, terminal.shown)


class OpeningABrowser(ConsentCase):
    """xdg-open is a script that writes down how it was called."""

    def setUp(self):
        super().setUp()
        self.bin = self.muster.folder / "bin"
        self.bin.mkdir()
        self.note = self.muster.folder / "opened"
        script = self.bin / "xdg-open"
        script.write_text(f"#!/bin/sh\necho noise; echo noise >&2\nprintf '%s\\n' \"$#\" \"$@\" >'{self.note}.new'\n"
                          f"mv '{self.note}.new' '{self.note}'\n")
        script.chmod(0o755)

    def start_with(self, *extra, **more):
        path = f"{self.bin}:{self.muster.environment['PATH']}"
        return self.start(*self.words(*extra), PATH=path, **more)

    def test_it_is_opened_without_a_shell_and_without_its_noise(self):
        waiting = self.start_with(BROWSER="some-browser")
        self.wait_for(self.note.exists)
        self.assertEqual(self.note.read_text().splitlines(), ["1", waiting.url])
        self.consent(waiting)
        self.assertNotIn("noise", waiting.err)
        self.assertIn("being opened in your browser", waiting.err)

    def test_where_there_is_none_or_it_is_not_wanted(self):
        for extra, more in (((), {}), (("--no-browser",), {"BROWSER": "some-browser"})):
            waiting = self.start_with(*extra, **more)
            self.assertNotIn("being opened", waiting.err)
            os.kill(waiting.process.pid, signal.SIGINT)
            waiting.end()
            self.assertFalse(self.note.exists())


if __name__ == "__main__":
    unittest.main()
