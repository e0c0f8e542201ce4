"""Zoho's data centres: which hosts stand together. Where the suffix rule fails, the row says so."""

from typing import NamedTuple


class Region(NamedTuple):
    """One row; `code` is also the `location` that a redirect carries."""

    code: str
    accounts: str
    mdm: str
    endpoint_central: str
    servicedesk_plus: str

    @property
    def suffix(self) -> str:
        return self.mdm.removeprefix("mdm.manageengine.") or self.code


def usual(code: str, suffix: str, accounts: str, servicedesk: str) -> Region:
    return Region(code, accounts, f"mdm.manageengine.{suffix}",
                  f"endpointcentral.manageengine.{suffix}", servicedesk)


REGIONS = {row.code: row for row in (
    usual("us", "com", "accounts.zoho.com", "sdpondemand.manageengine.com"),
    usual("eu", "eu", "accounts.zoho.eu", "sdpondemand.manageengine.eu"),
    usual("in", "in", "accounts.zoho.in", "sdpondemand.manageengine.in"),
    usual("au", "com.au", "accounts.zoho.com.au", "servicedeskplus.net.au"),
    usual("jp", "jp", "accounts.zoho.jp", "servicedeskplus.jp"),
    usual("ca", "ca", "accounts.zohocloud.ca", "servicedeskplus.ca"),
    usual("sa", "sa", "accounts.zoho.sa", "servicedeskplus.sa"),
    usual("uk", "uk", "accounts.zoho.uk", "servicedeskplus.uk"),
    usual("cn", "cn", "accounts.zoho.com.cn", "servicedeskplus.cn"),
    Region("ae", "accounts.zoho.ae", "", "", "servicedeskplus.ae"),  # the other two: not listed
)}
