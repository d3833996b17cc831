"""The URLs."""

from __future__ import annotations

from restkit.crud import CRUDResource
from restkit.limits import Idempotency
from restkit.security import NOBODY, Mask, role, scope
from restkit.sqlalchemy import SQLAlchemyStorage

from .models import Comment, Kept, Note

once = Idempotency(SQLAlchemyStorage(Kept))


class Notes(CRUDResource[Note]):
    """Notes: the caller's own, and those that others share."""

    model = Note
    filters = ("title__contains", "owner", "shared", "rating__gte", "comments__text__contains")
    sorts = ("title", "rating")
    expand = ("comments",)
    aggregates = ("count", "rating__max")
    fields = csv = bulk = True
    by_filter = ("PATCH", "DELETE")
    soft_delete = "removed_at"
    masks = {"rating": role("staff"), "owner": Mask(write=NOBODY)}
    permission = {"restore": scope("notes:write") & role("staff")}
    idempotency = once


class Comments(CRUDResource[Comment]):
    """Comments on notes that the caller may read."""

    model = Comment
    filters = ("note_id", "note__title__contains")
    expand = ("note",)
    methods = {"GET", "POST", "DELETE"}
    masks = {"owner": Mask(write=NOBODY)}
    idempotency = once


class NoteComments(Comments):
    """The comments on one note."""

    tags = ("Comments",)
    methods = {"GET"}
