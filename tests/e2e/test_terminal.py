"""What a person at a terminal sees and types: questions, secrets, progress, Ctrl-C."""

import os
import signal
import unittest

from harness import ACCOUNT, E2eCase, HOST, REPOSITORY
from terminal import Terminal

SHOWN = "(not shown): "


class AtATerminal(E2eCase):
    TENANTS = [{"tenant": "acme", "devices": 60, "apps_per_device": 5}]

    def terminal(self, *arguments, columns=80, **environment):
        terminal = Terminal(self.muster.command(*arguments),
                            self.muster.environment | {"TERM": "xterm"} | environment, columns)
        self.addCleanup(terminal.__exit__)
        return terminal

    def connect_line(self, *more):
        return ("connect", "kandji", "--ca-file", self.sim.ca_file, "--connect-to",
                f"{HOST}:443:127.0.0.1:{self.sim.port}", *more)

    def test_connect_asks_and_shows_no_secret(self):
        token = self.sim.token(HOST)
        terminal = self.terminal(*self.connect_line())
        terminal.answer("API URL (such as acme.api.kandji.io): ", "https://evil.example\n")
        terminal.answer("API URL (such as acme.api.kandji.io): ", "acme\n")
        terminal.wait_for(SHOWN)
        self.assertFalse(terminal.has_echo())
        terminal.answer(SHOWN, "typo\x15" + token[:-1] + "xx\x7f\x7f" + token[-1] + "\n")
        terminal.answer("Name of the account [acme]: ", "\n")
        shown = terminal.end()
        self.assertEqual(terminal.code, 0, shown)
        self.assertIn("Settings > Access", shown)
        self.assertIn("evil.example", shown)
        self.assertNotIn(token[:8], shown)
        self.sync()

    def test_ctrl_c_at_a_secret_restores_the_terminal(self):
        terminal = self.terminal(*self.connect_line("--set", f"api_url={HOST}"))
        terminal.answer(SHOWN, "half a secr\x03")
        shown = terminal.end()
        self.assertEqual(terminal.code, 130, shown)
        self.assertNotIn("half a secr", shown)
        self.assertEqual(self.muster.must("accounts", "--json").json(), [])

    def test_the_daily_tables_name_their_accounts_in_80_columns(self):
        self.connect()
        self.sync()
        self.assertNotIn("…", self.terminal("status").end())
        self.muster.must("accounts", "set", ACCOUNT, "--every", "6h")
        for verb in ("status", "accounts", "sessions"):
            shown = self.terminal(verb).end()
            self.assertIn(ACCOUNT, shown, verb)
            self.assertNotRegex(shown, r"\d[-:0-9]*…", verb)  # no time is cut

    def init(self, *arguments):
        self.muster.project = self.muster.folder / "second"
        return self.terminal("init", "--key", "passphrase", *arguments)

    def test_giving_up_at_the_passphrase_makes_nothing(self):
        for keys in ("\x03", "\x04"):
            terminal = self.init()
            terminal.answer(SHOWN, keys)
            shown = terminal.end()
            self.assertEqual(terminal.code, 130, shown)
            self.assertFalse(self.muster.project.exists())
        terminal = self.init()
        for _ in range(3):
            terminal.answer(SHOWN, "\n")
        shown = terminal.end()
        self.assertEqual(terminal.code, 2, shown)
        self.assertIn("--passphrase-file", shown)
        self.assertFalse(self.muster.project.exists())

    def test_a_passphrase_is_typed_twice_and_then_opens(self):
        terminal = self.init()
        for typed in ("", "horse", "hors", "horse", "horse"):
            terminal.answer(SHOWN, typed + "\n")
        shown = terminal.end()
        self.assertEqual(terminal.code, 0, shown)
        self.assertIn("Nothing was typed", shown)
        self.assertIn("The two are not the same", shown)
        terminal = self.terminal("vault", "status")
        for typed in ("hors", "horse"):
            terminal.answer("Passphrase of the vault " + SHOWN, typed + "\n")
        shown = terminal.end()
        self.assertEqual(terminal.code, 0, shown)
        self.assertIn("does not open", shown)
        terminal = self.terminal("vault", "rotate")
        for _ in range(3):
            terminal.answer(SHOWN, "hors\n")
        shown = terminal.end()
        self.assertEqual(terminal.code, 4, shown)
        self.assertIn("the passphrase is wrong", shown)

    def test_the_echo_is_back(self):
        """The program goes on asking after the secret, so that the terminal can be looked at."""
        terminal = self.terminal(*self.connect_line("--set", f"api_url={HOST}"))
        terminal.answer(SHOWN, self.sim.token(HOST) + "\n")
        terminal.wait_for("Name of the account")
        self.assertTrue(terminal.has_echo())

    def test_the_echo_is_back_when_the_program_is_ended(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            terminal = self.terminal(*self.connect_line("--set", f"api_url={HOST}"))
            terminal.wait_for(SHOWN)
            os.kill(terminal.pid, number)
            shown = terminal.end()
            self.assertTrue(terminal.has_echo(), shown)
            self.assertNotEqual(terminal.code, 0, shown)

    def test_a_no_changes_nothing(self):
        self.connect()
        terminal = self.terminal("accounts", "disconnect", ACCOUNT, "--purge")
        terminal.answer("[y/N] ", "n\n")
        self.assertIn("nothing was changed", terminal.end())
        self.assertEqual(terminal.code, 130)
        self.muster.account()

    def test_progress_while_it_runs_and_none_elsewhere(self):
        self.connect()
        self.sim.fault("delay", seconds=1, path="/api/v1/prism/apps", times=1)
        terminal = self.terminal("sync", ACCOUNT)
        shown = terminal.end()
        self.assertEqual(terminal.code, 0, shown)
        self.assertIn(f"{ACCOUNT}  apps", shown)
        self.assertIn("\r\x1b[J", shown)
        self.assertIn(f"{ACCOUNT}: ok: ", shown)
        for arguments, environment in ((["-q"], {}), (["--json"], {}), ([], {"TERM": "dumb"}),
                                       ([], {"CI": "true"})):
            terminal = self.terminal("sync", ACCOUNT, *arguments, **environment)
            shown = terminal.end()
            self.assertEqual(terminal.code, 0, shown)
            self.assertNotIn("\x1b[J", shown)
            self.assertNotIn("  apps  ", shown)

    def talkative_connector(self):
        """The delivered one, which then says something before and after its first request."""
        text = (REPOSITORY / "scripts" / "vendors" / "kandji.lua").read_text(encoding="utf-8")
        start = "local function read_devices(api, out)\n"
        self.assertIn(start, text)
        folder = self.muster.project / "vendors"
        folder.mkdir(exist_ok=True)
        (folder / "kandji.lua").write_text(text.replace(
            start, start + '  host.log.info("first words")\n  api:get("api:/devices", { limit = 1 })\n'
            '  host.log.info("second words")\n', 1))

    def test_lines_of_the_log_are_no_part_of_the_progress(self):
        self.talkative_connector()
        self.connect()
        self.sim.fault("delay", seconds=1, path="/api/v1/devices", times=1)
        terminal = self.terminal("sync", ACCOUNT, "-v", columns=200)
        shown = terminal.end()
        self.assertEqual(terminal.code, 0, shown)
        for words in ("first words", "second words"):
            before, _, after = shown.partition(words)
            self.assertRegex(before, r"\r\x1b\[J\S+ info +kandji/acme: $")
            self.assertTrue(after.startswith(f"\r\n{ACCOUNT}  devices"), after[:200])

    def test_tables_fit_and_colours_can_be_off(self):
        self.connect_and_sync()
        terminal = self.terminal("devices", "list", columns=70)
        lines = terminal.end().replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
        self.assertGreater(len(lines), 10)
        self.assertLessEqual(max(map(len, lines)), 70)
        self.assertNotIn("\x1b", self.terminal("devices", NO_COLOR="1").end())
        self.assertNotIn("\x1b", self.terminal("devices", TERM="dumb").end())
        self.assertIn("\x1b[1m", self.terminal("devices").end())

    def interrupt(self, number):
        self.connect()
        self.sim.fault("delay", seconds=2, path="/api/v1/prism/apps", times=0)
        before = len(self.sim.ledger(path="/api/v1/prism/apps"))
        process = self.muster.start("sync", ACCOUNT, "--json")
        self.addCleanup(process.wait)
        self.wait_for(lambda: len(self.sim.ledger(path="/api/v1/prism/apps")) > before)
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
        self.sim.clear_faults()
        return process.returncode, out, err

    def test_an_interrupted_sync_keeps_what_it_has(self):
        code, out, err = self.interrupt(signal.SIGINT)
        self.assertEqual(code, 130, err)
        self.assertIn(b'"outcome":"cancelled"', out)
        self.assertTrue(self.muster.rows("devices"))
        self.sync()
        self.assert_true()

    def test_sigterm_is_an_interruption_too(self):
        code, _, err = self.interrupt(signal.SIGTERM)
        self.assertEqual(code, 143, err)


if __name__ == "__main__":
    unittest.main()
