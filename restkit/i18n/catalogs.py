"""The texts of one language: whole sentences, and sentences with placeholders."""

from __future__ import annotations

import io
import re
from pathlib import Path

from ..errors import DeclarationError, MissingExtraError

try:
    from babel import Locale, UnknownLocaleError
    from babel.messages.mofile import read_mo, write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations as GettextTranslations
except ImportError as error:
    raise MissingExtraError("Translations", "i18n") from error

__all__ = ["CODE", "Catalog", "load_catalogs"]

CODE = "code"
"""The context (msgctxt) of messages that stand for the code of an invalid value."""
_PLACEHOLDER = re.compile(r"\\\{(\w+)\\\}")
_MOST_MATCHED = 1000
_OWN = Path(__file__).with_name("locales")


class Catalog:
    """The texts of one language.

    Attributes:
        locale: Babel's locale.
        gettext: The translations, with the methods of `gettext.GNUTranslations`.
    """

    def __init__(self, locale: Locale, compiled: list[bytes]) -> None:
        """Read compiled catalogs.

        Args:
            locale: The language.
            compiled: The content of ``.mo`` files; the first one that has a text wins.
        """
        self.locale = locale
        self.gettext = GettextTranslations()
        self._sentences = [_Sentences(each) for each in compiled]
        for each in reversed(compiled):
            self.gettext.merge(GettextTranslations(io.BytesIO(each)))

    def text(self, text: str, code: str = "") -> str:
        """Return a sentence that was made for a client in this language.

        Args:
            text: The sentence in the language of the program, its placeholders filled in.
            code: The code of the error that it tells, "" without one.

        Returns:
            The translation of the sentence, of the sentence with placeholders that it was made of,
            or of the code; the sentence itself if there is none of them.
        """
        if not text:
            return text  # gettext keeps the header of the catalog under ""
        translations = (each.translation(text, code) for each in self._sentences)
        return next((each for each in translations if each is not None), text)


class _Sentences:
    """The sentences of one compiled catalog."""

    def __init__(self, compiled: bytes) -> None:
        self._gettext = GettextTranslations(io.BytesIO(compiled))
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        for message in read_mo(io.BytesIO(compiled)):
            self._add_pattern(message.id, message.string)

    def _add_pattern(self, text: object, translated: object) -> None:
        """Note a sentence with placeholders, such as ``Must be {min}``."""
        if not (isinstance(text, str) and isinstance(translated, str) and translated):
            return
        pattern, found = _PLACEHOLDER.subn(r"(?P<\1>.*)", re.escape(text))
        if found:
            try:
                self._patterns.append((re.compile(pattern, re.DOTALL), translated))
            except re.error:  # a placeholder occurs twice
                return

    def translation(self, text: str, code: str) -> str | None:
        """Return the translation of a sentence, None without one; see `Catalog.text`."""
        found = str(self._gettext.gettext(text))
        if found != text:
            return found
        for pattern, translated in self._patterns if len(text) <= _MOST_MATCHED else ():
            match = pattern.fullmatch(text)
            if match is not None:
                return _filled(translated, match.groupdict())
        by_code = str(self._gettext.pgettext(CODE, code)) if code else ""
        return by_code if by_code not in ("", code) else None


def _filled(text: str, values: dict[str, str]) -> str:
    """Return a text with values in place of its placeholders, which are names alone.

    SECURITY: ``str.format`` would let a catalog read attributes of the values.
    """
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)


def load_catalogs(folder: Path | None, domain: str, locales: list[str]) -> dict[str, Catalog]:
    """Read the catalogs of some languages, by their tags (``pt-BR``).

    Args:
        folder: The folder with ``de/LC_MESSAGES/messages.mo`` and the others. None for restkit's
            own catalogs alone.
        domain: The name of the files.
        locales: The languages. The first one is that of the program and needs no catalog.

    Raises:
        DeclarationError: A language is unknown, or has no compiled catalog.
    """
    found: dict[str, Catalog] = {}
    for each in locales:
        try:
            locale = Locale.parse(each.replace("-", "_"))
        except (ValueError, UnknownLocaleError, AttributeError):
            raise DeclarationError(
                f"Translations(locales=): {each!r} is not a language that Babel knows. Write 'de' "
                "or 'pt_BR'."
            ) from None
        own = _own_catalog(locale)
        given = _given_catalog(folder, locale, domain, own, is_demanded=bool(found))
        compiled = [each for each in (given, own) if each is not None]
        found[str(locale).replace("_", "-")] = Catalog(locale, compiled)
    return found


def _given_catalog(
    folder: Path | None, locale: Locale, domain: str, own: bytes | None, *, is_demanded: bool
) -> bytes | None:
    """Return the catalog of the program, None if it needs none.

    Raises:
        DeclarationError: There is none.
    """
    if folder is None:
        if is_demanded and own is None and locale.language != "en":
            raise DeclarationError(
                f"Translations: restkit has no texts of its own in {str(locale)!r}. Pass the "
                f"folder of your catalogs, or remove {str(locale)!r} from locales."
            )
        return None
    file = folder / str(locale) / "LC_MESSAGES" / f"{domain}.mo"
    if is_demanded and not file.is_file():
        raise DeclarationError(
            f"Translations: there is no compiled catalog {file}. Run pybabel compile -d "
            f"{folder.name}, or remove {str(locale)!r} from locales."
        )
    return file.read_bytes() if file.is_file() else None


def _own_catalog(locale: Locale) -> bytes | None:
    """Return restkit's catalog of a language, compiled; None if it has none."""
    file = _OWN / f"{locale.language}.po"
    if not file.is_file():
        return None
    compiled = io.BytesIO()
    with file.open("rb") as opened:
        write_mo(compiled, read_po(opened))
    return compiled.getvalue()
