"""Two accounts of one vendor, whatever the vendor: neither touches the other's rows, and a credential
of the one is refused for the other."""

import unittest

from delivered import DeliveredCase, for_every_vendor


class TwoAccounts:
    def setUp(self):
        super().setUp()
        for tenant in (0, 1):
            self.join(tenant)
        self.muster.must("sync", self.vendor.NAME)

    def test_neither_touches_the_others_rows(self):
        for tenant in (0, 1):
            self.assert_truth(tenant)
            self.assert_state("ok", self.slug(tenant))
        other = self.rows(1)
        self.vendor.shrink(0)
        self.vendor.grow(0)
        self.sync_one(0, *self.vendor.AFTER_CHANGES)
        self.assertGreater(self.muster.last_session(self.slug(0))["removed"], 0)
        self.assert_truth(0)
        self.assertEqual(self.rows(1), other)
        before = self.rows(0)
        self.muster.must("sync", self.vendor.NAME)
        self.assertEqual((self.rows(0), self.rows(1)), (before, other))
        for tenant in (0, 1):
            self.assert_nothing_written(tenant)

    def test_a_credential_of_the_same_tenant_is_taken_and_the_others_refused(self):
        before = self.muster.account(self.slug(0))["tenant"]
        rows = self.rows(0)
        self.reconnect(0, 0)
        if self.vendor.TELLS_TENANT:
            self.assertNotEqual(self.muster.account(self.slug(1))["tenant"], before)
            self.reconnect(0, 1, refused=True)
        self.assertEqual(self.muster.account(self.slug(0))["tenant"], before)
        self.sync_one(0)
        self.assert_nothing_written(0)
        self.assertEqual(self.rows(0), rows)

    def reconnect(self, tenant, owner, refused=False):
        """Gives the account a credential of the owner's tenant."""
        run = self.muster.run("accounts", "reconnect", self.slug(tenant), "--no-input",
                              *self.secret_words(owner))
        self.assertEqual(run.code != 0, refused, run)


class TwoAccountsCase(TwoAccounts, DeliveredCase):
    pass


globals().update(for_every_vendor(TwoAccountsCase))
del TwoAccountsCase, DeliveredCase


if __name__ == "__main__":
    unittest.main()
