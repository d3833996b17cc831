"""The media types of files by extension: a table, the same on every machine."""

from __future__ import annotations

__all__ = ["media_type_of"]

# SECURITY: the registry of a machine (the Windows registry, /etc/mime.types) may say that ``.js``
# is text/plain, which browsers refuse with nosniff, or that an upload is a page.
_BY_EXTENSION = {
    extension: media_type
    for media_type, extensions in {
        "application/epub+zip": "epub",
        "application/geo+json": "geojson",
        "application/gzip": "gz tgz",
        "application/json": "json map",
        "application/ld+json": "jsonld",
        "application/manifest+json": "webmanifest",
        "application/msword": "doc",
        "application/pdf": "pdf",
        "application/rtf": "rtf",
        "application/toml": "toml",
        "application/vnd.ms-excel": "xls",
        "application/vnd.ms-fontobject": "eot",
        "application/vnd.ms-powerpoint": "ppt",
        "application/vnd.oasis.opendocument.presentation": "odp",
        "application/vnd.oasis.opendocument.spreadsheet": "ods",
        "application/vnd.oasis.opendocument.text": "odt",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
        "application/wasm": "wasm",
        "application/x-7z-compressed": "7z",
        "application/x-bzip2": "bz2",
        "application/x-tar": "tar",
        "application/x-xz": "xz",
        "application/xml": "xml xsd xsl",
        "application/yaml": "yaml yml",
        "application/zip": "zip",
        "application/zstd": "zst",
        "audio/aac": "aac",
        "audio/flac": "flac",
        "audio/midi": "mid midi",
        "audio/mp4": "m4a",
        "audio/mpeg": "mp3",
        "audio/ogg": "oga ogg opus",
        "audio/wav": "wav",
        "audio/webm": "weba",
        "font/otf": "otf",
        "font/ttf": "ttf",
        "font/woff": "woff",
        "font/woff2": "woff2",
        "image/apng": "apng",
        "image/avif": "avif",
        "image/bmp": "bmp",
        "image/gif": "gif",
        "image/jpeg": "jpg jpeg",
        "image/jxl": "jxl",
        "image/png": "png",
        "image/svg+xml": "svg",
        "image/tiff": "tif tiff",
        "image/vnd.microsoft.icon": "ico cur",
        "image/webp": "webp",
        "text/calendar": "ics",
        "text/css": "css",
        "text/csv": "csv",
        "text/html": "html htm",
        "text/javascript": "js mjs cjs",
        "text/markdown": "md markdown",
        "text/plain": "txt text log",
        "text/tab-separated-values": "tsv",
        "text/vcard": "vcf",
        "text/vtt": "vtt",
        "video/mp4": "mp4 m4v",
        "video/mpeg": "mpeg mpg",
        "video/ogg": "ogv",
        "video/quicktime": "mov",
        "video/webm": "webm",
        "video/x-matroska": "mkv",
        "video/x-msvideo": "avi",
    }.items()
    for extension in extensions.split()
}


def media_type_of(name: str) -> str:
    """Return the Content-Type of a file by the extension of its name; texts are UTF-8."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    found = _BY_EXTENSION.get(extension, "application/octet-stream")
    return f"{found}; charset=utf-8" if found.startswith("text/") else found
