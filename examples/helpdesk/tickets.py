"""Tickets, their tags, comments and attachments, and the status page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import func, select

from restkit import Conflict, Upload, provide, raises, returns, takes
from restkit.crud import CRUDResource, Related, item_action
from restkit.html import FileResponse, HTMLResource
from restkit.mail import send_mail
from restkit.security import Mask
from restkit.sqlalchemy import session

from .accounts import STAFF
from .models import Attachment, Comment, Tag, Ticket, User

STATUSES = ("new", "open", "pending", "solved", "closed")
FILE_TYPES = ("application/pdf", "image/jpeg", "image/png")


class Tags(CRUDResource[Tag]):
    """The tags of all tickets; a ticket with a new tag creates it."""

    model = Tag
    methods = {"GET"}
    sorts = ("name",)


class TicketSchema(Schema):
    id = fields.Int(dump_only=True)
    subject = fields.Str(required=True, validate=validate.Length(1, 200))
    description = fields.Str(required=True, validate=validate.Length(max=10_000))
    status = fields.Str(load_default="new", validate=validate.OneOf(STATUSES))
    customer_id = fields.Int(dump_only=True)
    agent_id = fields.Int(allow_none=True, validate=validate.Range(1, 2_147_483_647))
    tags = fields.List(fields.Str(validate=validate.Length(1, 30)))
    solved_after = fields.Int(dump_only=True, allow_none=True, metadata={"description": "Seconds."})
    created_at = fields.AwareDateTime(dump_only=True)
    updated_at = fields.AwareDateTime(dump_only=True)


class Tickets(CRUDResource[Ticket]):
    """What customers ask for."""

    model = Ticket
    schema = TicketSchema
    related = "existing"  # admins too, whom no collection lists
    methods = {"GET", "POST", "PATCH"}
    filters = ("status__in", "agent_id", "customer_id", "tags__name", "subject__contains")
    sorts = ("created_at", "updated_at", "status")
    groups = ("status", "agent_id")
    aggregates = ("count", "solved_after__avg")
    relations = {"tags": Related("name", create=True)}
    masks = {"agent_id": Mask(write=STAFF), "tags": Mask(write=STAFF)}
    permission = {"update": STAFF, "totals": STAFF}
    csv = True
    session = provide(session)
    transitions = {
        "status": {
            None: ("new",),
            "new": ("open",),
            "open": ("pending", "solved"),
            "pending": ("open", "solved"),
            "solved": ("open", "closed"),
            "closed": (),
        }
    }

    @raises(Conflict, description="The assigned user is no agent.")
    def create(self, item: Ticket) -> Ticket:
        """Open a ticket."""
        self.check_agent(item.agent_id)
        return super().create(item)

    @raises(Conflict, description="The assigned user is no agent.")
    def update(self, item: Ticket, values: Mapping[str, Any]) -> Ticket:
        """Change a ticket: its status, its agent, its tags."""
        self.check_agent(values.get("agent_id"))
        if values.get("status") == "solved":
            age = dt.datetime.now(dt.UTC) - item.created_at
            values = {**values, "solved_after": round(age.total_seconds())}
        return super().update(item, values)

    def check_agent(self, user_id: int | None) -> None:
        """Raise a Conflict if tickets cannot be assigned to a user."""
        user = self.session.get(User, user_id) if user_id is not None else None
        if user is not None and user.role == "customer":
            raise Conflict("Assign the ticket to an agent.")


class CommentSchema(Schema):
    id = fields.Int(dump_only=True)
    text = fields.Str(required=True, validate=validate.Length(1, 10_000))
    internal = fields.Bool(load_default=False)
    author_id = fields.Int(dump_only=True)
    created_at = fields.AwareDateTime(dump_only=True)


class Comments(CRUDResource[Comment]):
    """What customers and agents say about a ticket."""

    model = Comment
    schema = CommentSchema
    related = "existing"
    methods = {"GET", "POST"}

    def create(self, item: Comment) -> Comment:
        """Comment on a ticket. The customer gets a mail, unless the comment is internal."""
        made = super().create(item)
        ticket = made.ticket
        if not made.internal and made.author_id != ticket.customer_id:
            send_mail(ticket.customer.email, f"Your ticket: {ticket.subject}", made.text)
        return made


class FileSchema(Schema):
    file = Upload(required=True, media_types=FILE_TYPES, max_size=2_000_000, check_content=True)


class AttachmentSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(dump_only=True)
    media_type = fields.Str(dump_only=True)
    author_id = fields.Int(dump_only=True)
    created_at = fields.AwareDateTime(dump_only=True)


class Attachments(CRUDResource[Attachment]):
    """The files of a ticket."""

    model = Attachment
    related = "existing"
    schema = AttachmentSchema
    methods = {"GET", "POST"}

    @takes(files=FileSchema, max_size=2_100_000)
    def create(self, item: Attachment, files: Any = None) -> Attachment:
        """Upload a PDF, JPEG or PNG file of at most 2 MB."""
        upload = files["file"]
        item.name, item.media_type, item.content = upload.filename, upload.mimetype, upload.read()
        return super().create(item)

    @item_action("GET")
    @returns(media_types=FILE_TYPES)
    def content(self, item: Attachment) -> FileResponse:
        """Download a file."""
        return FileResponse(item.content, media_type=item.media_type, download_name=item.name)


class StatusPage(HTMLResource):
    """How many tickets there are, for everybody."""

    public = True
    template = "status.html"
    session = provide(session)

    def get(self) -> dict[str, object]:
        """Show the status page."""
        ticket = Ticket.__table__  # a table has no row rules
        counts = select(ticket.c.status, func.count()).group_by(ticket.c.status)
        return {"counts": self.session.execute(counts).all()}
