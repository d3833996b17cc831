"""Where an App is mounted: the prefix and the host, with the variables of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from ..declaration_checks import check_text
from ..errors import DeclarationError
from ..routing.patterns import Pattern, check_path, foreign_syntax, parse_pattern

if TYPE_CHECKING:
    from werkzeug.routing import BaseConverter

    from ..settings import Settings

__all__ = [
    "check_defaults_of_mount",
    "check_settings_of_mount",
    "check_variables",
    "parse_mount",
]


class _App(Protocol):
    """An App, with its name and settings."""

    name: str
    settings: Settings


def parse_mount(
    prefix: str, host: str, name: str, converters: Mapping[str, type[BaseConverter]]
) -> Pattern:
    """Read the prefix and the host of a mount.

    Args:
        prefix: The prefix as given.
        host: The pattern of the host, "" for every host.
        name: The name of the mounted App.
        converters: The converters of the App that it is mounted on.

    Raises:
        DeclarationError: No URL has the prefix, or it is that of the other App itself.
    """
    where = f"mount({prefix!r}) of the App {name!r}"
    _check_host(host, where)
    if prefix != "":
        check_text(prefix, "The prefix of mount()", "/shop")
    plain = prefix.rstrip("/")
    if not plain.startswith("/") and not (host and prefix in ("", "/")):
        raise DeclarationError(
            f"{where}: a prefix must begin with '/' and a name or a variable. Write '/shop', for "
            "example. Only a mount with a host of its own may have the prefix '/'."
        )
    if foreign := foreign_syntax(plain, converters):
        raise DeclarationError(f"{where} {foreign}")
    if "<path:" in plain:
        raise DeclarationError(f"{where}: a variable of a prefix is one segment, no <path:...>.")
    check_path(where, prefix)
    found = parse_pattern(plain or "/", host, converters)
    return found if plain else found._replace(rule="", path="", shape="")


def _check_host(host: str, where: str) -> None:
    if not isinstance(host, str) or "/" in host or ":" in host.partition("<")[0]:
        raise DeclarationError(
            f"{where}: host must be a pattern of hosts without a port, such as "
            f"'<tenant>.example.com', got {host!r}."
        )


def check_variables(at: Pattern, pattern: Pattern, declared_at: str) -> None:
    """Reject a pattern below a mount that has a variable or a host as the mount has.

    Raises:
        DeclarationError: Both have it.
    """
    if at.host and pattern.host:
        raise DeclarationError(
            f"{declared_at} is declared for the host {pattern.host!r}, but its App is mounted for "
            f"the host {at.host!r}. Remove one of them."
        )
    if twice := at.variables & pattern.variables:
        raise DeclarationError(
            f"{declared_at}: the variable {min(twice)!r} of {pattern.rule!r} is also one of the "
            f"mount at {at.host + at.rule!r}. Rename one of them."
        )


def check_settings_of_mount(own: _App, other: _App, *, documented: bool) -> None:
    """Reject an App whose settings contradict those of the App that it is mounted on."""
    if documented and own.settings.strict != other.settings.strict:
        raise DeclarationError(
            f"The Apps {own.name!r} and {other.name!r} differ in strict, but one document "
            "cannot describe both. Set the same value, or mount with documented=False."
        )
    outer, inner = own.settings.trailing_slash, other.settings.trailing_slash
    if outer != inner:
        raise DeclarationError(
            f"The App {other.name!r} has trailing_slash={inner!r}, but {own.name!r} has "
            f"{outer!r}. One policy applies to all URLs: set the same value in both."
        )


def check_defaults_of_mount(at: Pattern, defaults: Mapping[str, object] | None, where: str) -> None:
    """Reject defaults of variables that a mount does not have."""
    unknown = (defaults or {}).keys() - at.variables
    if unknown:
        known = ", ".join(sorted(at.variables)) or "none"
        raise DeclarationError(
            f"{where}: defaults has {min(unknown)!r}, but the variables of the mount are: {known}."
        )
