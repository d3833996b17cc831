"""Translations by gettext and Babel; the only package that imports Babel."""

from .translations import Translations

__all__ = ["Translations"]
