"""Finds the App that a text such as ``shop.api:app`` names, for the command line and the pytest plugin."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from .app import App
from .errors import LoadError, MissingExtraError, RestkitError

__all__ = ["load_app", "load_object"]

_FACTORIES = ("create_app", "make_app")
_EXTRAS = {
    "argon2": "auth",
    "httpx": "client",
    "jwt": "auth",
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
        target: ``MODULE``, ``MODULE:NAME`` or ``MODULE:factory()``. The module is a dotted name, or a path
            to a file or a package. Without a name it is ``app``, else the only App in the module, else what
            ``create_app`` or ``make_app`` returns, else the same in the module's submodule ``app``.

    Returns:
        The App.

    Raises:
        LoadError: The target leads to no App; the cause is the exception of the user's code, where there is one.
    """
    module, name, found = _found(target)
    return found if isinstance(found, App) else _made(module, name.removesuffix("()"), found)


def load_object(target: str) -> Any:
    """Import what a target names: an App, a factory that is not called, or anything else.

    Args:
        target: As `load_app` takes it.

    Raises:
        LoadError: The target leads to nothing; the cause is the exception of the user's code, where there is one.
    """
    return _found(target)[2]


def _found(target: str) -> tuple[ModuleType, str, Any]:
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
            f"{target!r} calls a factory with arguments, and TARGET takes none. Write "
            f"`app = {name}` in the module and name {module}:app, or give the parameters defaults."
        )
    if not module or (colon and module != target.strip() and not name):
        raise LoadError(f"{target!r} is not of the form MODULE or MODULE:APP, as in shop.api:app.")
    return module, name


def _make_importable(directory: Path) -> None:
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))


def _module_name(text: str) -> str:
    """Return the dotted name of a module; for a path, make it importable from where its package lies."""
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
        below = (
            f" in the package {missing.rpartition('.')[0]}"
            if "." in missing
            else f" in {Path.cwd()}"
        )
        raise LoadError(f"There is no module {missing.rpartition('.')[2]}{below}.") from None
    except (Exception, SystemExit) as error:
        raise _failed(f"{name} cannot be imported", error) from error


def _failed(what: str, error: BaseException) -> LoadError:
    """Return what to say of an exception that the user's own code raised."""
    if isinstance(error, ModuleNotFoundError) and error.name in _EXTRAS:
        return LoadError(f"{what}: {MissingExtraError('It', _EXTRAS[error.name])}")
    lines = str(error).strip().splitlines()
    said = lines[0] if lines else ""
    if not isinstance(error, RestkitError):
        said = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return LoadError(f"{what}: {said.removesuffix('.')}{_place(error.__traceback__)}.")


def _place(trace: TracebackType | None) -> str:
    """Return the last line of the user's own code that an exception passed through."""
    own = [
        frame
        for frame in traceback.extract_tb(trace)
        if not frame.filename.startswith((_OURS, "<frozen"))
        and "site-packages" not in frame.filename
        and frame.filename not in (importlib.__file__, importlib.util.__file__)
    ]
    return f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""


def _named(module: ModuleType, name: str) -> Any:
    """Return what a dotted name in a module stands for."""
    found: Any = module
    for part in name.removesuffix("()").split("."):
        if not hasattr(found, part):
            raise LoadError(
                f"The module {module.__name__} has no {name.removesuffix('()')}{_offer(module)}."
            )
        found = getattr(found, part)
    return _only(found) if isinstance(found, ModuleType) else found


def _apps(module: ModuleType) -> dict[str, App]:
    return {name: value for name, value in vars(module).items() if isinstance(value, App)}


def _offer(module: ModuleType) -> str:
    apps = sorted(_apps(module))
    return f"; its Apps are {', '.join(apps)}" if apps else "; it has no App"


def _only(module: ModuleType) -> Any:
    """Return the App or the factory of a module that is named without more."""
    found = getattr(module, "app", None)
    if found is not None and not isinstance(found, ModuleType):
        return found
    apps = _apps(module)
    if len({id(app) for app in apps.values()}) > 1:
        names = " and ".join(sorted(apps))
        raise LoadError(
            f"{module.__name__} has several Apps, {names}: say which, as in {module.__name__}:{min(apps)}."
        )
    # NOTE: a factory goes first: where there is one, an App beside it is a part that the factory mounts.
    for candidate in (*(getattr(module, name, None) for name in _FACTORIES), *apps.values()):
        if candidate is not None:
            return candidate
    below = f"{module.__name__}.app"
    if hasattr(module, "__path__") and importlib.util.find_spec(below) is not None:
        return _only(_import(below))
    raise LoadError(
        f"{module.__name__} has no App: name it app, or say where it is, as in {module.__name__}:NAME; a factory "
        f"is called create_app or make_app."
    )


def _made(module: ModuleType, name: str, factory: Any) -> App:
    """Return what a factory makes."""
    label = f"{module.__name__}:{name or getattr(factory, '__name__', 'app')}"
    if not callable(factory) or isinstance(factory, type):
        raise LoadError(f"{label} is not an App but {_kind(factory)}.")
    if wanted := _wanted(factory):
        raise LoadError(f"{label} cannot be called as a factory: it wants arguments ({wanted}).")
    try:
        made = factory()
    except Exception as error:
        raise _failed(f"{label}() failed", error) from error
    if not isinstance(made, App):
        raise LoadError(f"{label}() returned {_kind(made)}, not an App.")
    return made


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"


def _wanted(factory: Callable[..., Any]) -> str:
    """Return the parameters without which a factory cannot be called."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (ValueError, TypeError):
        return ""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return ", ".join(
        each.name for each in parameters if each.default is each.empty and each.kind not in kinds
    )
