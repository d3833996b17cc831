"""Payloads that nobody chose for speed: their data, their cases, and their schemas in marshmallow,
pydantic and msgspec, which the programs share.
"""
