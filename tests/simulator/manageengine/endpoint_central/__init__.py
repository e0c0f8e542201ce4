"""Endpoint Central Cloud, API 1.4, as its fact sheet and the recordings it tells of say."""
