"""Zoho's accounts server: consent page, codes, tokens, and its oddities (see README.md, "Zoho").

It is no vendor of its own: the products that its tokens are for are in ../manageengine.
"""
