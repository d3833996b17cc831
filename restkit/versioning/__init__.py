"""Versions of an API at the same URLs, chosen by a header or by media types."""

from .versions import Versions

__all__ = ["Versions"]
