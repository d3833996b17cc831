"""What goes in and out."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from restkit import Upload
from restkit.html import LocalURL

PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp")
NO_BLANK = validate.Regexp(r"(?s).*\S", error="Write something.")


class RegisterSchema(Schema):
    name = fields.Str(
        required=True,
        validate=validate.Regexp(r"[\w.-]{1,50}\Z", error="1 to 50 letters, digits, _, - or ."),
        metadata={"autocomplete": "username", "description": "Letters, digits, _, - and dots."},
    )
    password = fields.Str(
        required=True,
        load_only=True,
        validate=validate.Length(8, 200),
        metadata={"autocomplete": "new-password", "description": "At least 8 characters."},
    )


class LoginSchema(Schema):
    name = fields.Str(required=True, metadata={"autocomplete": "username"})
    password = fields.Str(
        required=True, load_only=True, metadata={"autocomplete": "current-password"}
    )
    remember = fields.Bool(metadata={"label": "Stay logged in"})
    next = LocalURL(load_default="/", metadata={"control": "hidden"})


class NextSchema(Schema):
    next = LocalURL(load_default="/", metadata={"description": "The page after the login."})


class PostFormSchema(Schema):
    title = fields.Str(required=True, validate=[validate.Length(1, 200), NO_BLANK])
    body = fields.Str(
        required=True,
        validate=[validate.Length(1, 20_000), NO_BLANK],
        metadata={"label": "Text", "control": "textarea", "rows": 10},
    )
    picture_description = fields.Str(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"description": "What a picture shows, for those who cannot see it."},
    )


class PictureFileSchema(Schema):
    picture = Upload(
        media_types=PICTURE_TYPES,
        max_size=2_000_000,
        check_content=True,
        metadata={"description": "A PNG, JPEG or WebP file of at most 2 MB."},
    )


class AuthorSchema(Schema):
    id = fields.Int()
    name = fields.Str()


class PostSchema(Schema):
    id = fields.Int()
    title = fields.Str()
    body = fields.Str()
    created = fields.AwareDateTime()
    hidden = fields.Bool(metadata={"description": "Whether only its author and admins see it."})
    author = fields.Nested(AuthorSchema)


class SearchSchema(Schema):
    q = fields.Str(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"description": "A text in the title or body, ignoring case."},
    )
    page = fields.Int(load_default=1, validate=validate.Range(1, 10_000))


class PostPageSchema(Schema):
    posts = fields.List(fields.Nested(PostSchema))
    page = fields.Int()
    more = fields.Bool(metadata={"description": "Whether there is another page."})
