"""Sessions by hand: the cookie is parsed, verified by itsdangerous and decoded."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

__all__ = ["sessions"]


def sessions() -> Any:
    from itsdangerous import Signer
    from werkzeug.http import parse_cookie

    key = hmac.digest(
        b"the key of the benchmark's sessions", b"restkit.html.session", hashlib.sha256
    )
    signer = Signer(key, key_derivation="none", digest_method=hashlib.sha256)

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        name = "Ada Lovelace"
        headers = [("Content-Type", "application/json")]
        if environ["PATH_INFO"] == "/name":
            cookie = parse_cookie(environ)["session"]
            session = json.loads(base64.urlsafe_b64decode(signer.unsign(cookie) + b"=="))
            if session["c"] + 86_400 < 1_800_000_000:
                raise ValueError("the session is old")
            name = session[":name"]
            headers += [("Cache-Control", "no-store"), ("Vary", "Cookie")]
        body = json.dumps({"name": name}).encode()
        headers.append(("Content-Length", str(len(body))))
        start_response("200 OK", headers)
        return [body]

    return app
