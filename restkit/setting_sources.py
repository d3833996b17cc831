"""The sources of settings: a TOML file, a .env file and the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path  # cold start

__all__ = ["DATABASE_URL", "check_variable_names", "read_dotenv", "read_toml", "suggestion"]

DATABASE_URL = "DATABASE_URL"
"""The variable, without a prefix, in which hosting platforms pass the URL of the database."""


def read_toml(path: str | Path) -> dict[str, object]:
    """Return the keys of a TOML file.

    Raises:
        SettingError: The file cannot be read, or is not TOML.
    """
    import tomllib  # PERF: most programs have no such file, 9 ms of cold start

    try:
        with open(path, encoding="utf-8") as file:
            return tomllib.loads(file.read())
    except OSError as error:
        raise SettingError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # invalid TOML and invalid UTF-8 alike
        raise SettingError(f"The settings file {path} is not valid TOML: {error}.") from error


def read_dotenv(dotenv: bool | str | Path, prefix: str) -> tuple[dict[str, str], str]:
    """Return the variables of a .env file, and the name of the file.

    Args:
        dotenv: The path of the file. True reads ``.env`` if it exists, False reads no file.
        prefix: The prefix of the variables that are settings.

    Raises:
        SettingError: The file does not exist or cannot be read, or a setting in it has no value.
    """
    path = ".env" if dotenv is True else os.fspath(dotenv or ".env")
    exists = dotenv is not False and os.path.isfile(path)
    if not exists and isinstance(dotenv, bool):
        return {}, ""
    if not exists:
        raise SettingError(f"The file {path}, given as dotenv, does not exist.")
    variables: dict[str, str] = {}
    for name, value in _variables_of(path).items():
        if value is not None:
            variables[name] = value
        elif prefix and name.startswith(prefix):
            raise SettingError(f"{name} in {path} has no value. Write {name}=value.")
    return variables, path


def _variables_of(path: str) -> Mapping[str, str | None]:
    from dotenv import dotenv_values  # PERF: most programs have no such file, 17 ms of cold start

    try:
        return dotenv_values(path)
    except (OSError, ValueError) as error:
        raise SettingError(f"The file {path} cannot be read: {error}.") from error


def check_variable_names(
    variables: Mapping[str, str], known: Mapping[str, str], prefix: str, source: str
) -> None:
    """Reject variables with the prefix that probably misspell a setting.

    Other unknown variables are ignored, since two programs may share an environment.

    Args:
        variables: The variables of one source.
        known: The settings by variable.
        prefix: The prefix of settings; with an empty one nothing is rejected.
        source: A template for the name of a variable in a message, ``{} in .env``.

    Raises:
        SettingError: A variable is close to the name of a setting.
    """
    for name in variables:
        is_other = not prefix or not name.startswith(prefix) or name in known
        if not is_other and _close(name, known, 0.85):
            raise SettingError(f"{source.format(name)} is not a setting; {suggestion(name, known)}")


def suggestion(written: str, known: Mapping[str, object]) -> str:
    """Return the end of a message: the name that was probably meant, or all names."""
    close = _close(written, known)
    return f"did you mean {close[0]}?" if close else f"the settings are {', '.join(sorted(known))}."


def _close(written: str, known: Mapping[str, object], cutoff: float = 0.75) -> list[str]:
    import difflib  # PERF: only if a name is wrong, 4 ms of cold start

    return difflib.get_close_matches(written, known, n=1, cutoff=cutoff)
