"""Mixins for common columns: a version for entity tags, and creation and update times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, Mapper, declared_attr, mapped_column

from ..crud.item_tags import first_version
from ..errors import DeclarationError
from .types import UTCDateTime

__all__ = ["Timestamps", "Versioned", "check_versioned"]


def _next_version(version: int | None) -> int:
    return first_version() if version is None else version + 1


class Versioned:
    """A mixin with a ``version`` that each UPDATE increases; it is the item's entity tag.

    The first version is a random number of at most ten digits: a row that is created under the key
    of a deleted one must not match its entity tags.

    Name it before the base of the models: ``class Ticket(Versioned, Base)``.
    """

    version: Mapped[int] = mapped_column(BigInteger, nullable=False, info={"generated": True})

    def __init_subclass__(cls, **options: object) -> None:
        """Keep the version in the ``__mapper_args__`` of a model that has its own."""
        own = vars(cls).get("__mapper_args__")
        is_mapped = any("__mapper__" in vars(each) for each in cls.__mro__)
        if isinstance(own, Mapping) and not is_mapped:
            column = Versioned.__dict__["version"]
            known = {"version_id_col": column, "version_id_generator": _next_version}
            type.__setattr__(cls, "__mapper_args__", {**known, **own})
        super().__init_subclass__(**options)

    if TYPE_CHECKING:
        __mapper_args__: ClassVar[object]  # a model may have its own
    else:

        @declared_attr.directive
        @classmethod
        def __mapper_args__(cls) -> dict[str, object]:
            """Let SQLAlchemy compare the version that was read in every UPDATE and DELETE."""
            return {"version_id_col": cls.version, "version_id_generator": _next_version}


def check_versioned(mapper: Mapper[object]) -> None:
    """Reject a `Versioned` model whose version nothing sets.

    Raises:
        DeclarationError: Its ``__mapper_args__`` replace those of the mixin.
    """
    if issubclass(mapper.class_, Versioned) and mapper.version_id_col is None:
        raise DeclarationError(
            f"The __mapper_args__ of {mapper.class_.__qualname__} replace those of Versioned, so "
            "that nothing sets its version. Name Versioned before the other base classes, and "
            "write __mapper_args__ as a dict."
        )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _made(context: Any) -> dt.datetime:
    # A row without updates has the same time in both columns.
    made = context.get_current_parameters().get("created_at")
    return made if isinstance(made, dt.datetime) else _now()


class Timestamps:
    """A mixin with ``created_at`` and ``updated_at`` in UTC, which clients cannot write."""

    created_at: Mapped[dt.datetime] = mapped_column(
        UTCDateTime(), default=_now, info={"generated": True}
    )
    updated_at: Mapped[dt.datetime] = mapped_column(
        UTCDateTime(), default=_made, onupdate=_now, info={"generated": True}
    )
