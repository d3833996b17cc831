"""What goes in and out."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from restkit import Upload

from .models import Genre

MAX_INT = 2**31 - 1


class AuthorSchema(Schema):
    id = fields.Int(
        dump_only=True, metadata={"description": "Given by the store.", "examples": [1]}
    )
    name = fields.Str(
        required=True,
        validate=validate.Length(1, 200),
        metadata={"examples": ["Ursula K. Le Guin"]},
    )
    born = fields.Date(allow_none=True, metadata={"examples": ["1929-10-21"]})


class AuthorNameSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(dump_only=True)


class BookSchema(Schema):
    id = fields.Int(
        dump_only=True, metadata={"description": "Given by the store.", "examples": [1]}
    )
    title = fields.Str(
        required=True, validate=validate.Length(1, 200), metadata={"examples": ["The Dispossessed"]}
    )
    author_id = fields.Int(
        required=True,
        validate=validate.Range(1, MAX_INT),
        metadata={"description": "Who wrote it; an author of this store.", "examples": [1]},
    )
    author = fields.Nested(AuthorNameSchema, dump_only=True)
    genre = fields.Enum(Genre, by_value=True, required=True, metadata={"examples": ["fiction"]})
    published = fields.Date(allow_none=True, metadata={"examples": ["1974-05-01"]})
    pages = fields.Int(
        allow_none=True, validate=validate.Range(1, 100_000), metadata={"examples": [341]}
    )
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


class CoverSchema(Schema):
    cover = Upload(required=True, media_types=("image/png", "image/jpeg"), max_size=1_000_000)
