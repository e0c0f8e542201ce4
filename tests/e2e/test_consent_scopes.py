"""What a consent covers: scopes follow what was asked for, one consent for all who share a credential, and
what becomes of it: stored as it is, given anew in place, revoked.
"""

import unittest

from consent_case import ACCOUNT, CONNECTOR, HOST, LOGIN, ConsentCase

READ = "devices.read"


class ScopeCase(ConsentCase):
    def asked(self):
        """The scopes of each consent so far."""
        return [set(text.split()) for text in self.change("asked")["scopes"]]

    def token_calls(self):
        return [entry["body"].partition("&")[0] for entry in
                self.sim.ledger(host=LOGIN, path="/oauth/token")]

    def reconnect(self, *extra, account=ACCOUNT, code=0):
        waiting = self.start("accounts", "reconnect", account, "--no-input", *extra)
        self.consent(waiting, code=code)
        return waiting

    def credential(self, name=ACCOUNT):
        return self.muster.must("credentials", "show", name, "--json").json()


class Custody(ScopeCase):
    def test_the_first_sync_uses_the_token_of_the_consent(self):
        self.connect_harbor()
        self.sync(account=ACCOUNT)
        self.sync(account=ACCOUNT)
        self.assertEqual(self.token_calls(), ["grant_type=authorization_code"])
        self.change("end_tokens")
        self.sync(account=ACCOUNT)
        self.assertEqual(self.token_calls()[1:], ["grant_type=refresh_token"])

    def test_it_is_renewed_in_place(self):
        """Nothing but the consent is asked for; account, rows and history stay."""
        self.connect_harbor()
        self.sync(account=ACCOUNT)
        before, account = self.muster.rows("devices", ACCOUNT), self.muster.account(ACCOUNT)
        self.change("withdraw")
        self.sync(account=ACCOUNT, code=4)
        waiting = self.muster.account(ACCOUNT)
        self.assertEqual(waiting["state"], "needs-auth")
        self.assertIn("muster accounts reconnect", waiting["state_way_out"])
        self.reconnect()
        self.sync(account=ACCOUNT)
        self.assertEqual(self.muster.account(ACCOUNT)["id"], account["id"])
        self.assertEqual(self.muster.rows("devices", ACCOUNT), before)

    def test_a_new_secret_of_the_client_is_taken_with_it(self):
        self.connect_harbor()
        self.change("replace_secret", secret="another-secret")
        self.change("end_tokens")
        self.sync(account=ACCOUNT, code=4)
        file = self.muster.secret_file("another-secret", "new")
        self.reconnect("--secret-file", f"secret={file}")
        self.change("end_tokens")
        self.sync(account=ACCOUNT)


class Scopes(ScopeCase):
    def test_read_only_unless_actions_are_named(self):
        self.connect_harbor()
        self.assertEqual(self.asked(), [{READ}])
        shown = self.credential()
        self.assertEqual((shown["scopes_wanted"], shown["scopes_granted"]), ([READ], [READ]))

    def test_actions_add_exactly_what_they_need(self):
        self.connect_harbor("--actions", "rename_device")
        self.assertEqual(self.asked(), [{READ, "devices.write"}])
        shown = self.muster.must("accounts", "show", ACCOUNT, "--json").json()
        self.assertEqual(shown["actions"], "rename_device")
        actions = self.muster.must("vendors", "show", "harbor", "--json").json()["actions"]
        self.assertEqual([(one["action"], one["scopes"]) for one in actions],
                         [("rename_device", ["devices.write"]), ("sell_device", ["devices.write", "shop.write"])])

    def test_a_later_one_asks_again_and_shows_the_difference(self):
        self.connect_harbor()
        waiting = self.reconnect("--actions", "sell_device,rename_device")
        self.assertIn("Asked for beside what was granted before: devices.write shop.write\n", waiting.err)
        waiting = self.reconnect()
        self.assertNotIn("beside what was granted", waiting.err)
        waiting = self.reconnect("--actions", "none")
        self.assertIn("No longer asked for: devices.write shop.write\n", waiting.err)
        every = {READ, "devices.write", "shop.write"}
        self.assertEqual(self.asked(), [{READ}, every, every, {READ}])
        self.sync(account=ACCOUNT)

    def test_actions_that_nobody_declares(self):
        run = self.muster.run(*self.words("--actions", "renamedevice"))
        self.assertEqual(run.code, 2, run)
        self.assertIn('harbor has no action "renamedevice"', run.err)
        self.assertIn("did you mean rename_device", run.err)

    def test_fewer_than_asked_for_is_told_and_reading_goes_on(self):
        self.change("set", scopes=READ)
        waiting = self.start(*self.words("--actions", "rename_device"))
        self.consent(waiting)
        self.assertIn("Not granted, so what needs it will be missing: devices.write", waiting.err)
        self.sync(account=ACCOUNT)
        self.change("end_tokens")
        self.sync(account=ACCOUNT)
        shown = self.credential()
        self.assertEqual((shown["scopes_wanted"], shown["scopes_granted"]), ([READ, "devices.write"], [READ]))

    def test_more_than_asked_for_is_warned_of(self):
        self.change("set", scopes=f"{READ},admin.all")
        waiting = self.start(*self.words())
        self.consent(waiting)
        self.assertIn("Granted without being asked for: admin.all", waiting.err)


class Shared(ScopeCase):
    """Two connectors of one provider, one credential, one consent."""

    def setUp(self):
        super().setUp()
        text = CONNECTOR.read_text().replace('id = "harbor", name = "Harbor"',
                                             'id = "PIER", provider = "harbors", name = "PIER"')
        own = self.muster.project / "vendors"
        (own / "harbor.lua").write_text(text.replace("PIER", "harbor"))
        (own / "pier.lua").write_text(text.replace("PIER", "pier").replace(
            'scopes = { "devices.read" }', 'scopes = { "piers.read" }'))

    def pier_words(self, *extra):
        words = self.words("--credential", ACCOUNT, *extra)
        words[words.index("harbor")] = "pier"
        words.remove("--no-input")
        at = words.index("--secret-file")
        del words[at:at + 2]
        at = words.index("--redirect-uri")
        del words[at:at + 2]
        return words

    def connect_both(self):
        self.connect_harbor()
        waiting = self.start(*self.pier_words())
        self.consent(waiting)
        return waiting

    def test_one_consent_covers_both(self):
        waiting = self.connect_both()
        self.assertIn("Asked for beside what was granted before: piers.read", waiting.err)
        self.assertIn(f"{ACCOUNT}: connected to {HOST}", waiting.err)
        self.assertEqual(self.asked(), [{READ}, {READ, "piers.read"}])
        self.sync(account=ACCOUNT)
        self.sync(account="pier/acme")
        self.assertEqual(self.token_calls(), ["grant_type=authorization_code"] * 2)
        self.assertEqual(self.credential()["accounts"], [ACCOUNT, "pier/acme"])

    def test_what_is_covered_is_not_asked_for_again(self):
        self.connect_both()
        self.muster.must("accounts", "disconnect", "pier/acme", "--yes")
        run = self.muster.run(*self.pier_words())
        self.assertEqual(run.code, 0, run)
        self.assertEqual(len(self.asked()), 2)

    def test_where_nobody_can_be_asked_the_vendor_judges(self):
        self.connect_harbor()
        run = self.muster.run(*self.pier_words("--no-input"))
        self.assertEqual(run.code, 0, run)
        self.assertIn("consent was not asked for piers.read", run.err)
        self.assertEqual(len(self.asked()), 1)

    def test_it_is_given_anew_for_both_at_once(self):
        self.connect_both()
        self.change("withdraw")
        for slug in (ACCOUNT, "pier/acme"):
            self.sync(account=slug, code=4)
        waiting = self.start("credentials", "replace", ACCOUNT, "--no-input")
        self.consent(waiting)
        self.assertEqual(self.asked()[-1], {READ, "piers.read"})
        for slug in (ACCOUNT, "pier/acme"):
            self.assertEqual(self.muster.account(slug)["state"], "stale")
            self.sync(account=slug)

    def test_the_way_out_of_one_of_them_is_that_of_both(self):
        self.connect_both()
        self.change("withdraw")
        for slug in (ACCOUNT, "pier/acme"):
            self.sync(account=slug, code=4)
        waiting = self.reconnect(account="pier/acme")
        self.assertIn(f"{ACCOUNT}: connected to {HOST}", waiting.err)
        self.assertEqual(self.asked()[-1], {READ, "piers.read"})
        for slug in (ACCOUNT, "pier/acme"):
            self.sync(account=slug)

    def test_a_consent_that_fails_one_of_them_is_stored_for_none(self):
        self.connect_both()
        before = self.credential()
        self.sim.fault("unauthorized", host=HOST, path="/v1/devices", nth=2)
        waiting = self.reconnect(account="pier/acme", code=4)
        self.assertIn(f"nothing was changed: {ACCOUNT}", waiting.err)
        self.sim.clear_faults()
        self.sync(account=ACCOUNT)
        self.assertEqual(self.credential()["scopes_granted"], before["scopes_granted"])

    def test_a_consent_is_asked_only_for_those_who_are_left(self):
        self.connect_both()
        self.muster.must("accounts", "disconnect", ACCOUNT, "--yes")
        self.reconnect(account="pier/acme")
        self.assertEqual(self.asked()[-1], {"piers.read"})

    def test_new_secrets_for_one_of_them_are_refused(self):
        self.connect_both()
        file = self.muster.secret_file("another-secret", "new")
        run = self.muster.run("accounts", "reconnect", ACCOUNT, "--no-input", "--secret-file", f"secret={file}")
        self.assertEqual(run.code, 6, run)
        self.assertIn("muster credentials replace", run.err)


class Revoking(ScopeCase):
    def revoked(self):
        return [entry for entry in self.sim.ledger(host=LOGIN, path="/oauth/revoke")]

    def test_an_account_takes_its_consent_along(self):
        for extra in ((), ("--purge",)):
            self.connect_harbor()
            self.sync(account=ACCOUNT)
            self.sim.clear_ledger()
            run = self.muster.must("accounts", "disconnect", ACCOUNT, "--yes", *extra)
            self.assertIn("taken back at the vendor", run.err)
            call, = self.revoked()
            self.assertEqual(call["query"], {})
            self.assertTrue(call["body"].startswith("token=rt-"), call["body"])
            self.assertEqual(self.change("end_tokens")["tokens"], [])

    def test_a_failure_is_told_and_keeps_nothing(self):
        for fault in ({"name": "server_error"}, {"name": "early_close"}):
            self.connect_harbor()
            self.sim.fault(fault["name"], host=LOGIN, path="/oauth/revoke", times=0)
            run = self.muster.must("accounts", "disconnect", ACCOUNT, "--yes")
            self.assertIn("was not taken back", run.err)
            self.assertIn("withdraw it there", run.err)
            self.assertEqual(self.muster.value("SELECT count(*) FROM credentials"), 0)
            self.sim.clear_faults()

    def test_one_that_is_gone_already_is_fine(self):
        self.connect_harbor()
        self.change("withdraw")
        self.sim.fault("body", host=LOGIN, path="/oauth/revoke", times=0, status=400,
                       value={"status": "failure", "error": "invalid_token"})
        run = self.muster.must("accounts", "disconnect", ACCOUNT, "--yes")
        self.assertIn("taken back at the vendor", run.err)

    def test_an_account_that_is_replaced(self):
        self.connect_harbor()
        waiting = self.start(*self.words("--replace", "--yes"))
        self.consent(waiting)
        self.assertIn("taken back at the vendor", waiting.err)
        self.assertEqual(len(self.revoked()), 1)

    def connect_named(self):
        """With a credential of its own name; the words of the command line."""
        file = self.muster.secret_file(self.sim.token(HOST), "named")
        self.muster.must("credentials", "add", "shared", "harbor", "--no-input", "--set", "way=consent",
                         "--secret-file", f"secret={file}")
        self.assertEqual(self.credential("shared")["state"], "untested")
        words = self.words("--credential", "shared")
        at = words.index("--secret-file")
        del words[at:at + 2]
        self.consent(self.start(*words))
        self.assertEqual(self.credential("shared")["state"], "valid")
        return words

    def test_a_credential_of_its_own_name_stays_without_the_consent(self):
        words = self.connect_named()
        run = self.muster.must("accounts", "disconnect", ACCOUNT, "--yes")
        self.assertIn("taken back at the vendor", run.err)
        self.assertEqual(len(self.revoked()), 1)
        shown = self.credential("shared")
        self.assertEqual((shown["state"], shown["fields"]), ("revoked", ["secret"]))
        self.consent(self.start(*words))
        self.assertEqual(self.credential("shared")["state"], "valid")
        self.sync(account=ACCOUNT)

    def test_what_could_not_be_taken_back_is_tried_again_when_it_is_deleted(self):
        self.connect_named()
        self.sim.fault("server_error", host=LOGIN, path="/oauth/revoke", times=0)
        run = self.muster.must("accounts", "disconnect", ACCOUNT, "--yes")
        self.assertIn("was not taken back", run.err)
        self.assertEqual(self.credential("shared")["state"], "valid")
        self.sim.clear_faults()
        self.sim.clear_ledger()
        run = self.muster.must("credentials", "delete", "shared", "--yes")
        self.assertIn("taken back at the vendor", run.err)
        self.assertEqual(len(self.revoked()), 1)

    def test_replacing_an_account_under_its_own_credential_keeps_the_consent(self):
        words = self.connect_named()
        run = self.muster.run(*words, "--replace", "--yes", "--no-input")
        self.assertEqual(run.code, 0, run)
        self.assertEqual(self.revoked(), [])
        self.sync(account=ACCOUNT)

    def test_a_credential_without_consent_asks_nobody(self):
        file = self.muster.secret_file("a-key", "key")
        self.muster.must("credentials", "add", "key", "kandji", "--no-input", "--secret-file", f"api_token={file}")
        run = self.muster.must("credentials", "delete", "key", "--yes")
        self.assertNotIn("consent", run.err)


class States(ScopeCase):
    def test_each_has_a_word_and_a_reason(self):
        self.connect_harbor()
        shown = self.credential()
        self.assertEqual((shown["state"], shown["reason"]), ("valid", None))
        self.change("set", lives_s=3)
        self.change("end_tokens")
        self.sync(account=ACCOUNT)
        self.wait_for(lambda: self.credential()["state"] == "expiring")
        self.sync(account=ACCOUNT)
        self.assertIsNotNone(self.credential()["last_used_at"])
        self.change("withdraw")
        self.sync(account=ACCOUNT, code=4)
        shown = self.credential()
        self.assertEqual(shown["state"], "needs_reauth")
        self.assertIn("no longer valid", shown["reason"])
        listed = self.muster.must("credentials", "list").out
        self.assertIn("needs_reauth", listed)

    def test_a_note_of_its_owner(self):
        self.connect_harbor()
        self.muster.must("credentials", "set", ACCOUNT, "--note", "Ada's, renew in May")
        self.assertEqual(self.credential()["note"], "Ada's, renew in May")
        self.assertEqual(self.muster.run("credentials", "set", ACCOUNT).code, 2)
        self.assertEqual(self.muster.run("credentials", "set", "nobody", "--note", "x").code, 7)
        self.assertEqual(self.muster.run("credentials", "set", ACCOUNT, "--redirect-uri", "http://x/").code, 2)

    def test_its_schedule_does_not_ask_while_a_person_is_waited_for(self):
        self.connect_harbor("--every", "5m")
        self.sync(account=ACCOUNT)
        self.change("withdraw")
        self.sync(account=ACCOUNT, code=4)
        self.sim.clear_ledger()
        for _ in range(3):
            run = self.muster.run("sync", "--due")
            self.assertEqual(self.sim.ledger(), [], run)


if __name__ == "__main__":
    unittest.main()
