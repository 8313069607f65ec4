"""A real OpenID provider on this machine, which can be told to lie."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

CLIENT, SECRET = "collab", "s3cret & more"


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_request(self, *args: Any, **more: Any) -> None:
        """Silence."""


@dataclass
class Provider:
    """Answers like a provider; `bend` changes what it says."""

    issuer: str = ""
    keys: KeySet = field(default_factory=lambda: KeySet([RSAKey.generate_key(2048, auto_kid=True)]))
    bend: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def consent(self, address: str, **claims: Any) -> str:
        """The person signs in at the address the platform led to; the query that comes back."""
        query = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = {"query": query, "claims": claims}
        return f"?code={code}&state={query['state']}"

    def __call__(self, environ: Any, start: Any) -> Any:
        """One request."""
        request = Request(environ)
        self.asked.append(request.path)
        found = {
            "/.well-known/openid-configuration": self.described, "/jwks": self.published,
            "/token": self.exchanged, "/userinfo": self.told, "/authorize": self.agreed,
        }.get(request.path)  # fmt: skip
        answer = found(request) if found else Response(status=404)
        return answer(environ, start)

    def described(self, request: Request) -> Response:
        """Discovery."""
        if "redirect" in self.bend:
            return Response(status=302, headers={"Location": f"{self.issuer}/jwks"})
        if "flood" in self.bend:
            return Response(b" " * 2_000_000, content_type="application/json")
        own = self.issuer
        said = {
            "issuer": own, "authorization_endpoint": f"{own}/authorize?tenant=1",
            "token_endpoint": f"{own}/token", "jwks_uri": f"{own}/jwks",
            "userinfo_endpoint": f"{own}/userinfo",
        }  # fmt: skip
        return self._json({**said, **self.bend.get("metadata", {})})

    def agreed(self, request: Request) -> Response:
        """For real browsers: somebody is signed in here and is sent back at once."""
        query = self.consent(request.url, **self.bend.get("person", {}))
        return Response(status=302, headers={"Location": request.args["redirect_uri"] + query})

    def published(self, request: Request) -> Response:
        """The public keys."""
        return self._json(self.keys.as_dict(private=False))

    def exchanged(self, request: Request) -> Response:
        """A code for tokens, once, to the client that may have it, with the verifier."""
        form, given = request.form, request.authorization
        kept = self.codes.pop(form.get("code", ""), None)
        basic = given is not None and (given.username, given.password) == (CLIENT, SECRET)
        if kept is None or not basic or form.get("grant_type") != "authorization_code":
            return self._json({"error": "invalid_grant"}, 400)
        query = kept["query"]
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if made != query["code_challenge"] or form.get("redirect_uri") != query["redirect_uri"]:
            return self._json({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300,
                  "nonce": query["nonce"], "sub": "s-1", **kept["claims"],
                  **self.bend.get("claims", {})}  # fmt: skip
        claims = {k: v for k, v in claims.items() if v is not None}
        return self._json({"access_token": "a-1", "token_type": "Bearer",
                           "id_token": self.signed(claims)})  # fmt: skip

    def signed(self, claims: dict[str, Any]) -> str:
        """The ID token, as the provider is told to make it."""
        key, algorithm = self.keys.keys[-1], "RS256"
        if "none" in self.bend:
            parts = [{"alg": "none"}, claims]
            text = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in parts]
            return b".".join([*text, b""]).decode()
        if "shared" in self.bend:  # signed with what both know, or with the public key as secret
            key, algorithm = OctKey.import_key(SECRET * 3), "HS256"
        if "stranger" in self.bend:
            made = RSAKey.generate_key(2048)
            return jwt.encode({"alg": "RS256", "kid": key.kid or ""}, claims, made)
        return jwt.encode({"alg": algorithm, "kid": self.keys.keys[-1].kid or ""}, claims, key)

    def told(self, request: Request) -> Response:
        """Userinfo."""
        if request.headers.get("Authorization") != "Bearer a-1":
            return self._json({}, 401)
        return self._json(self.bend.get("userinfo", {}))

    def rotate(self) -> None:
        """From now on another key signs, and the old one is gone."""
        self.keys = KeySet([RSAKey.generate_key(2048, auto_kid=True)])

    @staticmethod
    def _json(said: dict[str, Any], status: int = 200) -> Response:
        return Response(json.dumps(said), status, content_type="application/json")


@contextmanager
def served() -> Iterator[Provider]:
    """A provider at an address of this machine."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, provider, threaded=True, request_handler=Quiet)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
