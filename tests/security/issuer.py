"""An issuer of tokens for tests: its keys, and a server that publishes them."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

SECRET = "a secret of thirty-two bytes or more, as RFC 7518 demands of HS512"
NOW = 2_000_000_000

RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
KEYS: dict[str, Any] = {
    "RS256": RSA,
    "PS384": RSA,
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def pem(algorithm: str) -> str:
    """Return a public key in PEM."""
    public = KEYS[algorithm].public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def jwk(key: Any, **members: object) -> dict[str, Any]:
    """Return a public key as a JSON Web Key."""
    writer = OKPAlgorithm
    if isinstance(key, rsa.RSAPrivateKey):
        writer = RSAAlgorithm
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        writer = ECAlgorithm
    made: dict[str, Any] = json.loads(writer.to_jwk(key.public_key()))
    made.pop("key_ops", None)
    return made | members


def token(algorithm: str = "HS256", header: Any = None, key: Any = None, **claims: object) -> str:
    """Return a token; a claim that is ... is left out."""
    usual = {"iss": "https://id.example", "aud": "books", "sub": "ada", "exp": NOW + 60}
    found = {name: value for name, value in (usual | claims).items() if value is not ...}
    if key is None:
        key = SECRET if algorithm.startswith("HS") else KEYS[algorithm]
    return jwt.encode(found, key, algorithm=algorithm, headers=header)


def signed(header: bytes | dict[str, object], payload: bytes | dict[str, object]) -> str:
    """Return a token of any header and payload, rightly signed with HS256."""
    parts = [
        _text(each if isinstance(each, bytes) else json.dumps(each).encode())
        for each in (header, payload)
    ]
    signer = jwt.get_algorithm_by_name("HS256")
    signature = signer.sign(".".join(parts).encode(), SECRET.encode())
    return ".".join([*parts, _text(signature)])


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Server:
    """What a server of keys answers, and which paths were asked for."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}

    def answer(self, path: str, value: object, status: int = 200, **headers: str) -> None:
        """Let a path answer a JSON value."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()

        def write(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, text in headers.items():
                handler.send_header(name, text)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.answers[path] = write


@contextmanager
def serve() -> Iterator[Server]:
    """Run a server of keys on this machine."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            write = server.answers.get(self.path)
            if write is None:
                self.send_error(404)
            else:
                write(self)

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = False  # closing waits for the handlers, and so for their sockets
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        server.url = f"http://127.0.0.1:{running.server_address[1]}"
        try:
            yield server
        finally:
            running.shutdown()
            thread.join()
