"""What goes in and out."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from restkit import Upload

from .models import Genre

MAX_INT = 2**31 - 1


class AuthorSchema(Schema):
    id = fields.Int(dump_only=True, metadata={"description": "Given by the store.", "examples": [1]})
    name = fields.Str(required=True, validate=validate.Length(1, 200), metadata={"examples": ["Ursula K. Le Guin"]})
    born = fields.Date(allow_none=True, metadata={"examples": ["1929-10-21"]})


class AuthorNameSchema(Schema):
    id = fields.Int(required=True)
    name = fields.Str(required=True)


class BookSchema(Schema):
    id = fields.Int(dump_only=True, metadata={"description": "Given by the store.", "examples": [1]})
    title = fields.Str(required=True, validate=validate.Length(1, 200), metadata={"examples": ["The Dispossessed"]})
    author_id = fields.Int(
        required=True,
        load_only=True,
        validate=validate.Range(min=1),
        metadata={"description": "Who wrote it; an author of this store.", "examples": [1]},
    )
    author = fields.Nested(AuthorNameSchema, dump_only=True)
    genre = fields.Enum(Genre, by_value=True, required=True, metadata={"examples": ["fiction"]})
    published = fields.Date(allow_none=True, metadata={"examples": ["1974-05-01"]})
    pages = fields.Int(allow_none=True, validate=validate.Range(1, 100_000), metadata={"examples": [341]})
    price = fields.Decimal(
        places=2,
        allow_none=True,
        validate=validate.Range(0, 99_999_999),
        metadata={"description": "In euros, rounded to cents.", "examples": ["12.50"]},
    )
    tags = fields.List(
        fields.Str(validate=validate.Length(1, 30)),
        validate=validate.Length(max=10),
        metadata={"examples": [["utopia", "anarchism"]]},
    )


class BookPageSchema(Schema):
    items = fields.List(fields.Nested(BookSchema), required=True)
    next = fields.Str(
        required=True, allow_none=True, metadata={"description": "The URL of the next page, null on the last."}
    )


class PageSchema(Schema):
    limit = fields.Int(load_default=20, validate=validate.Range(1, 100), metadata={"description": "Size of a page."})
    after = fields.Int(
        load_default=0, validate=validate.Range(min=0), metadata={"description": "The last id of the page before."}
    )


class SearchSchema(PageSchema):
    q = fields.Str(validate=validate.Length(1, 100), metadata={"description": "Words of the title."})
    genre = fields.Enum(Genre, by_value=True, metadata={"description": "Of this genre."})
    published_from = fields.Date(metadata={"description": "Published on this day or later."})
    published_to = fields.Date(metadata={"description": "Published on this day or earlier."})
    min_pages = fields.Int(validate=validate.Range(1, 100_000), metadata={"description": "At least so many pages."})
    max_pages = fields.Int(validate=validate.Range(1, 100_000), metadata={"description": "At most so many pages."})
    author_id = fields.List(
        fields.Int(validate=validate.Range(min=1)),
        validate=validate.Length(max=50),
        metadata={"description": "By one of these authors; repeat it for several."},
    )
    tags = fields.List(
        fields.Str(validate=validate.Regexp(r"[^,\u0000]{1,30}$")),
        validate=validate.Length(1, 10),
        metadata={"description": "With all of these tags, separated by commas.", "explode": False},
    )


class PreferSchema(Schema):
    prefer = fields.Str(metadata={"description": "`return=minimal` asks for no content (RFC 7240)."})


class CoverSchema(Schema):
    cover = Upload(required=True, media_types=("image/png", "image/jpeg"), max_size=1_000_000)
