"""Vendors' APIs as servers, for tests that want a truth to compare with. See README.md."""
