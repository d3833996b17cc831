"""HTTP methods by their properties (RFC 9110, section 9.2)."""

from __future__ import annotations

__all__ = ["SAFE_METHODS"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})
"""The methods that do not change anything on the server (QUERY: RFC 10008)."""
