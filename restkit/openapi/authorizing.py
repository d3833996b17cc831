"""How Swagger UI gets access tokens: the origins that it asks, and the page where it comes back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, cast

from ..contract import Operation

__all__ = ["REDIRECT", "REDIRECT_PAGE", "REDIRECT_SCRIPT", "authorization_urls"]

REDIRECT = "oauth2-redirect"
"""The last segment of the URL where an authorization server sends the browser back."""

REDIRECT_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Authorization</title>
<p id="outcome">The window closes when the authorization has ended.</p>
<script src="{assets}/oauth2-redirect.js"></script>
</html>
"""

# Swagger UI leaves an object with its pending request in the window that has opened this one.
REDIRECT_SCRIPT = """\
"use strict";
const pending = window.opener?.swaggerUIRedirectOauth2;
const sent = new URLSearchParams(location.search || location.hash.slice(1));
const fail = (message) =>
  pending.errCb({ authId: pending.auth.name, source: "auth", level: "error", message });
if (!pending) {
  document.getElementById("outcome").textContent = "No page of this site waits for it.";
} else if (sent.get("state") !== pending.state) {
  // Somebody else has begun this authorization.
  fail("The state is not the one that was sent.");
  window.close();
} else {
  const { auth, callback, redirectUrl } = pending;
  if (sent.has("error")) {
    fail([sent.get("error"), sent.get("error_description")].filter(Boolean).join(": "));
  } else if (auth.schema.get("flow") === "implicit") {
    callback({ auth, token: Object.fromEntries(sent), isValid: true, redirectUrl });
  } else if (sent.has("code")) {
    delete pending.state;
    auth.code = sent.get("code");
    callback({ auth, redirectUrl });
  } else {
    fail("The authorization server has sent no code.");
  }
  window.close();
}
"""


class _Documented(Protocol):
    def operations(self) -> Iterable[Operation]: ...


def authorization_urls(app: object) -> Iterator[str]:
    """Yield the URLs that Swagger UI asks for tokens, of the security schemes of an App.

    URLs in the description of an OpenID provider are taken to be at the provider's own origin.
    """
    schemes = {
        id(scheme): scheme
        for operation in cast("_Documented", app).operations()
        for combination in operation.security
        for scheme, _ in combination
    }
    for scheme in schemes.values():
        document = scheme.document()
        if document.get("type") == "openIdConnect":
            yield str(document["openIdConnectUrl"])
        flows = document.get("flows")
        if isinstance(flows, Mapping):
            for flow in cast("Mapping[str, Mapping[str, object]]", flows).values():
                for name in ("tokenUrl", "refreshUrl"):
                    if name in flow:
                        yield str(flow[name])
