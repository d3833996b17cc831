"""`AppCache`: the stored responses of an App, to be invalidated by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from ..contract import Operation
from ..declarations import plain_function
from ..errors import MissingExtraError
from ..settings import Settings
from .cache import Cache
from .changes import model_tag
from .memory import MemoryCache
from .storage import CacheStorage

__all__ = ["AppCache", "CachingApp", "handle_of", "operation_tag", "table_tag"]


class CachingApp(Protocol):
    """The part of an App that its stored responses need."""

    _stored_responses: AppCache | None

    @property
    def name(self) -> str:
        """The name."""
        ...

    @property
    def settings(self) -> Settings:
        """The settings."""
        ...

    @property
    def version(self) -> str:
        """The version."""
        ...

    def freeze(self) -> None:
        """Compose the declarations."""
        ...


class _Entry(Protocol):
    @property
    def resource(self) -> type: ...
    @property
    def declared(self) -> type | None: ...


class AppCache:
    """The stored responses of an App and of the Apps that are mounted on it: ``app.cache``.

    Writes by collections and by unsafe requests invalidate them without it. It is for changes that
    restkit does not see: those of other programs, of SQL triggers, or of a file.
    """

    def __init__(self, app: CachingApp) -> None:
        self._app = app
        self._default: CacheStorage | None = None
        self._storages: list[CacheStorage] = []
        self._operations: list[tuple[_Entry, Operation, Cache]] = []

    def invalidate(self, *targets: object) -> None:
        """Invalidate the responses that depend on something.

        ::

            app.cache.invalidate(Book)        # a model: responses that show its items
            app.cache.invalidate(Weather)     # a resource class or a function: its responses
            app.cache.invalidate("weather")   # a tag: those of Cache(60, tags=["weather"])

        Args:
            targets: Models, resource classes, functions of routes, and tags.

        Raises:
            LookupError: A tag is not declared, or a resource is not cached.
        """
        self._app.freeze()
        tags: list[str] = []
        for each in targets:
            tags += self._tags_of(each)
        for storage in self._storages:
            storage.invalidate(tags)

    def clear(self) -> None:
        """Forget all responses of the storages of the App."""
        self._app.freeze()
        for storage in self._storages:
            storage.clear()

    def _tags_of(self, target: object) -> list[str]:
        if isinstance(target, str):
            known = sorted({tag for _, _, cache in self._operations for tag in cache.tags})
            if target not in known:
                raise LookupError(
                    f"No Cache of the App {self._app.name!r} has the tag {target!r}. It has "
                    f"{', '.join(known) or 'no tags'}."
                )
            return [f"tag:{target}"]
        found = [
            operation_tag(operation)
            for entry, operation, _ in self._operations
            if _is_of(entry, operation, target)
        ]
        if found:
            return found
        if isinstance(target, type) and not hasattr(target, "_mount_points"):
            return [model_tag(target), *map(table_tag, _tables_of(target))]
        raise LookupError(
            f"{getattr(target, '__qualname__', target)!r} is not cached in the App "
            f"{self._app.name!r}. Pass a model, a resource with a cache, or a tag."
        )

    # at start-up

    def storage_of(self, cache: Cache) -> CacheStorage:
        """Return the storage of a declared cache, that of the App by default."""
        found = cache.storage
        if found is None:
            if self._default is None:
                self._default = _default_storage(self._app)
            found = self._default
        if not any(each is found for each in self._storages):
            self._storages.append(found)
        return found

    def add(self, entry: _Entry, operation: Operation, cache: Cache) -> None:
        """Add a cached operation."""
        self._operations.append((entry, operation, cache))

    @property
    def storages(self) -> Iterable[CacheStorage]:
        """The storages of the cached operations."""
        return tuple(self._storages)


def handle_of(app: CachingApp) -> AppCache:
    """Return the handle of the outermost App."""
    found = app._stored_responses
    if found is None:
        found = app._stored_responses = AppCache(app)
    return found


def _default_storage(app: CachingApp) -> CacheStorage:
    """Return the storage of caches that declare none.

    Raises:
        MissingExtraError: The App has the setting ``redis_url``, but not the extra ``redis``.
    """
    url = app.settings.redis_url
    if not url:
        return MemoryCache()
    try:
        from .redis import RedisCache  # an extra
    except MissingExtraError as error:
        raise MissingExtraError("The setting redis_url", "redis") from error
    return RedisCache(url, prefix=f"restkit:{app.name}:cache:")


def operation_tag(operation: Operation) -> str:
    """Return the tag of the responses of a cached operation."""
    return f"path:{operation.host}{operation.path}"


def table_tag(name: str) -> str:
    """Return the tag of a database table, which is the same for all schemas and databases."""
    return f"sql:{name.lower()}"


def _is_of(entry: _Entry, operation: Operation, target: object) -> bool:
    if target in (entry.resource, entry.declared):
        return True
    function: Callable[..., object] = plain_function(operation.function)
    return function is plain_function(target)


def _tables_of(model: type) -> list[str]:
    """Return the names of the tables of a mapped class, an empty list for another class."""
    mapper = getattr(model, "__mapper__", None)
    return [str(each.name) for each in getattr(mapper, "tables", ())]
