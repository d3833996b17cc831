"""The field of an uploaded file."""

from __future__ import annotations

import io

import pytest
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import FileStorage

from restkit import DeclarationError, Upload


def part(content: bytes = b"x", media_type: str = "image/png") -> FileStorage:
    return FileStorage(io.BytesIO(content), filename="a", content_type=media_type)


class CoverSchema(Schema):
    cover = Upload(media_types=["image/png"], max_size=10)


def test_a_file_is_handed_over_from_its_start() -> None:
    """Looking at the size leaves the stream at its beginning."""
    found = CoverSchema().load({"cover": part(b"0123456789")})["cover"]
    assert found.read() == b"0123456789"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("text", "Not an uploaded file."),
        (part(media_type="image/gif"), "The media type is not one of those that are taken."),
        (part(b"x" * 11), "The file is larger than 10 bytes."),
    ],
)
def test_what_a_part_may_be_is_checked(value: object, message: str) -> None:
    """Text, another media type and too large a file are refused, each in its words."""
    with pytest.raises(ValidationError, match=message):
        CoverSchema().load({"cover": value})


@pytest.mark.parametrize("name", ["a" * 256, "cover\0.png"], ids=["long", "nul"])
def test_a_name_that_cannot_be_stored_is_rejected(name: str) -> None:
    named = FileStorage(io.BytesIO(b"x"), filename=name, content_type="image/png")

    with pytest.raises(ValidationError, match="The name of the file"):
        CoverSchema().load({"cover": named})


BEGINNINGS = {
    "application/pdf": b"%PDF-1.7",
    "image/avif": b"\x00\n\x00\x1cftypavif",
    "image/gif": b"GIF89a",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/webp": b"RIFF\x24\n\x00\x00WEBP",
}


class CheckedSchema(Schema):
    cover = Upload(media_types=list(BEGINNINGS), check_content=True)


@pytest.mark.parametrize("media_type", BEGINNINGS)
@pytest.mark.parametrize("content", BEGINNINGS)
def test_the_content_is_that_of_the_media_type(media_type: str, content: str) -> None:
    """The beginning of another media type is refused, and so is what stands before it."""
    beginning = BEGINNINGS[content] + b"x" * 100
    if media_type == content:
        found = CheckedSchema().load({"cover": part(beginning, media_type)})["cover"]
        assert found.read() == beginning
    else:
        with pytest.raises(ValidationError, match="not what its media type says"):
            CheckedSchema().load({"cover": part(beginning, media_type)})
    for wrong in (b"", b"<svg onload=alert(1)>", b"<!--" + beginning, beginning[1:]):
        with pytest.raises(ValidationError, match="not what its media type says"):
            CheckedSchema().load({"cover": part(wrong, media_type)})


@pytest.mark.parametrize("media_types", [(), ["image/svg+xml"], ["image/png", "text/plain"]])
def test_content_of_unknown_media_types_cannot_be_checked(media_types: list[str]) -> None:
    with pytest.raises(DeclarationError, match=r"can check these media types alone: .*image/png"):
        Upload(media_types=media_types, check_content=True)
