"""Import of the App that a target such as ``shop.api:app`` names, for the CLI and pytest."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, TracebackType
from typing import cast

from .app import App
from .errors import LoadError, MissingExtraError, RestkitError
from .versioning import Versions

__all__ = ["load_app", "load_object", "load_program"]

_FACTORIES = ("create_app", "make_app")
_EXTRAS = {
    "argon2": "security",
    "httpx2": "client",
    "jwt": "security",
    "marshmallow_sqlalchemy": "sql",
    "msgspec": "fast",
    "orjson": "fast",
    "prometheus_client": "metrics",
    "psycopg": "postgres",
    "redis": "redis",
    "sqlalchemy": "sql",
}
_OURS = str(Path(__file__).parent)


def load_app(target: str) -> App:
    """Import the App that a target names; the current directory is importable.

    Args:
        target: ``MODULE``, ``MODULE:NAME`` or ``MODULE:factory()``. The module is a dotted name, or
            a path to a file or a package. The name defaults to ``app``, then to ``create_app`` or
            ``make_app``, which are called, then to the only App in the module. If the module has
            none of these, its submodule ``app`` is searched in the same way. An App of `Versions`
            has its version at the end: ``MODULE:NAME@2``.

    Returns:
        The App.

    Raises:
        LoadError: No App was found. The cause is the exception of the user's code, if any.
    """
    program = load_program(target)
    if isinstance(program, Versions):
        known = " and ".join(program.apps)
        raise LoadError(
            f"{target} has the versions {known}. Name one of them, as in "
            f"{target}@{next(iter(program.apps))}."
        )
    return program


def load_program(target: str) -> App | Versions:
    """Import the App or the Versions that a target names, for a server.

    Args:
        target: A target as for `load_app`.

    Raises:
        LoadError: Neither was found. The cause is the exception of the user's code, if any.
    """
    text, version = _without_version(target)
    module, name, found = _found(text)
    program = found
    if not isinstance(found, (App, Versions)):
        program = _call_factory(module, name.removesuffix("()"), found)
    if isinstance(program, Versions) and version:
        return _version_of(program, version, text)
    if version:
        raise LoadError(f"{text} is an App, which has no version {version!r}. Write {text}.")
    return cast("App | Versions", program)


def _without_version(target: str) -> tuple[str, str]:
    """Return a target and the version behind its ``@``, "" without one."""
    text, at, version = target.strip().rpartition("@")
    if not at or not re.fullmatch(r"[A-Za-z0-9._-]+", version) or version.endswith(".py"):
        return target, ""
    return text, version


def _version_of(versions: Versions, version: str, target: str) -> App:
    if version not in versions.apps:
        known = ", ".join(f"{target}@{each}" for each in versions.apps)
        raise LoadError(f"{target} has no version {version!r}. Its versions: {known}.")
    return versions.apps[version]


def load_object(target: str) -> object:
    """Import the object that a target names: an App, a factory (not called), or any other object.

    Args:
        target: A target as for `load_app`.

    Raises:
        LoadError: No object was found. The cause is the exception of the user's code, if any.
    """
    text, version = _without_version(target)
    found = _found(text)[2]
    return _version_of(found, version, text) if isinstance(found, Versions) and version else found


def _found(target: str) -> tuple[ModuleType, str, object]:
    text, name = _split(target)
    _make_importable(Path.cwd())
    module = _import(_module_name(text))
    return module, name, _named(module, name) if name else _only(module)


def _split(target: str) -> tuple[str, str]:
    module, colon, name = target.strip().rpartition(":")
    if not colon or "/" in name or "\\" in name:  # C:\shop.py
        module, name = target.strip(), ""
    if "(" in name and not name.endswith("()"):
        raise LoadError(
            f"{target!r} calls a factory with arguments, which TARGET does not support. Write "
            f"`app = {name}` in the module and name {module}:app, or give the parameters defaults."
        )
    if not module or (colon and module != target.strip() and not name):
        raise LoadError(f"{target!r} is not of the form MODULE or MODULE:APP, as in shop.api:app.")
    return module, name


def _make_importable(directory: Path) -> None:
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))


def _module_name(text: str) -> str:
    """Return the dotted name of a module; make a path importable from its top-level package."""
    path = Path(text)
    if not (text.endswith(".py") or "/" in text or "\\" in text):
        return text
    if not path.exists():
        raise LoadError(f"There is no file {text} in {Path.cwd()}.")
    path = path.resolve()
    if path.is_dir() and not (path / "__init__.py").is_file():
        raise LoadError(f"The directory {text} is not a package: it has no __init__.py.")
    if path.name == "__init__.py":
        path = path.parent
    parts = [path.stem]
    above = path.parent
    while (above / "__init__.py").is_file():
        parts.insert(0, above.name)
        above = above.parent
    _make_importable(above)
    return ".".join(parts)


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except SyntaxError as error:
        where = f"{error.filename}, line {error.lineno}"
        raise LoadError(
            f"{name} cannot be imported: {where} is not valid Python: {error.msg}."
        ) from None
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not (name == missing or name.startswith(f"{missing}.")):
            raise _failed(f"{name} cannot be imported", error) from error
        package, _, last = missing.rpartition(".")
        searched = f"the package {package}" if package else Path.cwd()
        raise LoadError(f"There is no module {last} in {searched}.") from None
    except (Exception, SystemExit) as error:
        raise _failed(f"{name} cannot be imported", error) from error


def _failed(what: str, error: BaseException) -> LoadError:
    """Return the error for an exception that the user's own code raised."""
    if isinstance(error, ModuleNotFoundError) and error.name in _EXTRAS:
        return LoadError(f"{what}: {MissingExtraError('It', _EXTRAS[error.name])}")
    lines = str(error).strip().splitlines()
    said = lines[0] if lines else ""
    if not isinstance(error, RestkitError):
        said = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return LoadError(f"{what}: {said.removesuffix('.')}{_place(error.__traceback__)}.")


def _place(trace: TracebackType | None) -> str:
    """Return the last line of the user's own code in a traceback."""
    own = [
        frame
        for frame in traceback.extract_tb(trace)
        if not frame.filename.startswith((_OURS, "<frozen"))
        and "site-packages" not in frame.filename
        and frame.filename not in (importlib.__file__, importlib.util.__file__)
    ]
    return f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""


def _named(module: ModuleType, name: str) -> object:
    """Return the object that a dotted name refers to in a module."""
    found: object = module
    for part in name.removesuffix("()").split("."):
        if not hasattr(found, part):
            raise LoadError(
                f"The module {module.__name__} has no {name.removesuffix('()')}{_listed(module)}."
            )
        found = getattr(found, part)
    return _only(found) if isinstance(found, ModuleType) else found


def _apps(module: ModuleType) -> dict[str, App]:
    return {name: value for name, value in vars(module).items() if isinstance(value, App)}


def _listed(module: ModuleType) -> str:
    apps = sorted(_apps(module))
    factories = [name for name in _FACTORIES if callable(getattr(module, name, None))]
    if factories and not apps:
        return f"; it has the factory {factories[0]}, so write {module.__name__}:{factories[0]}"
    return f"; its Apps are {', '.join(apps)}" if apps else "; it has no App"


def _only(module: ModuleType) -> object:
    """Return the App or the factory of a module, for a target without a name."""
    found: object = getattr(module, "app", None)
    if found is not None and not isinstance(found, ModuleType):
        return found
    apps = _apps(module)
    if len({id(app) for app in apps.values()}) > 1:
        names = " and ".join(sorted(apps))
        raise LoadError(
            f"{module.__name__} has several Apps, {names}. Name one of them, as in "
            f"{module.__name__}:{min(apps)}."
        )
    # NOTE: a factory takes precedence: other Apps of its module are parts that it mounts.
    factories: list[object] = [getattr(module, name, None) for name in _FACTORIES]
    for candidate in (*factories, *apps.values()):
        if candidate is not None:
            return candidate
    below = f"{module.__name__}.app"
    if hasattr(module, "__path__") and importlib.util.find_spec(below) is not None:
        return _only(_import(below))
    raise LoadError(
        f"{module.__name__} has no App. Name the App app, name a factory create_app or make_app, "
        f"or give its name, as in {module.__name__}:NAME."
    )


def _call_factory(module: ModuleType, name: str, factory: object) -> App | Versions:
    """Return the App or the Versions that a factory returns."""
    label = f"{module.__name__}:{name or getattr(factory, '__name__', 'app')}"
    if not callable(factory) or isinstance(factory, type):
        raise LoadError(f"{label} is not an App but {_kind(factory)}.")
    if required := _required(factory):
        raise LoadError(
            f"{label} cannot be called as a factory: it requires arguments ({required}). Give them "
            "defaults."
        )
    try:
        made: object = factory()
    except Exception as error:
        raise _failed(f"{label}() failed", error) from error
    if not isinstance(made, (App, Versions)):
        raise LoadError(f"{label}() returned {_kind(made)}, not an App.")
    return made


def _kind(value: object) -> str:
    if value is None:
        return "None"
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"


def _required(factory: Callable[..., object]) -> str:
    """Return the names of a factory's required parameters."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (ValueError, TypeError):
        return ""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return ", ".join(
        each.name for each in parameters if each.default is each.empty and each.kind not in kinds
    )
