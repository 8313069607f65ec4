"""Speaks OpenID Connect with an organisation's sign-in service: discovery, code flow, ID token."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from collab.kernel import clock
from collab.storage import outside

# signatures of the service's own key only: nothing shared with it, nothing unsigned
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "Ed25519",
              "EdDSA"]  # fmt: skip
SCOPE = "openid email profile"
TOLD: tuple[str, ...] = ("email", "email_verified", "name")
MOST_KEPT = 500  # services; nobody has so many, but somebody may try
KEPT = 3600.0  # seconds for which discovery and keys are believed
ASK_AGAIN = 60.0  # an unknown key is looked for at most this often
LEEWAY = 120  # seconds by which clocks may differ
WRONG = (requests.RequestException, AuthlibBaseError, JoseError, ValueError, KeyError, TypeError)


class NotProved(Exception):
    """The service did not prove who somebody is; the reason is for the log."""


@dataclass(frozen=True, slots=True)
class Registered:
    """How the platform is known at a sign-in service."""

    issuer: str
    client_id: str
    client_secret: str
    redirect: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """What ties an answer to the question of one browser."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What a service says about somebody, checked."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str


class OpenIdClient:
    """One for a process: keeps what services publish about themselves for an hour."""

    def __init__(self, trusted: Collection[str] = ()) -> None:
        self._trusted = frozenset(trusted)
        self._lock = threading.Lock()
        self._described: dict[str, tuple[float, dict[str, Any]]] = {}
        self._keys: dict[str, tuple[float, KeySet]] = {}

    def discover(self, issuer: str) -> dict[str, Any]:
        """What the service says of itself. Raises NotProved when it is not there or not itself."""
        kept = self._described.get(issuer)
        if kept is not None and time.monotonic() - kept[0] < KEPT:
            return kept[1]
        try:
            found = self._json(issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found["issuer"] != issuer:
                raise NotProved("another issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                self._sound(found[name])
        except WRONG as error:
            raise NotProved(f"discovery: {error}") from error
        with self._lock:
            if len(self._described) > MOST_KEPT:
                self._described.clear()
            self._described[issuer] = (time.monotonic(), found)
        return found

    def leads_to(self, own: Registered, asked: Secrets, hint: str = "") -> str:
        """The address at the service where the person signs in."""
        found = self.discover(own.issuer)
        query = {
            "response_type": "code", "client_id": own.client_id, "redirect_uri": own.redirect,
            "scope": SCOPE, "state": asked.state, "nonce": asked.nonce,
            "code_challenge": create_s256_code_challenge(asked.verifier),
            "code_challenge_method": "S256", **({"login_hint": hint} if hint else {}),
        }  # fmt: skip
        address = str(found["authorization_endpoint"])
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"

    def prove(self, own: Registered, asked: Secrets, code: str, issuer: str = "") -> Claims:
        """Who came back with `code`. Raises NotProved for anything that does not hold."""
        if issuer and issuer != own.issuer:
            raise NotProved("the answer names another issuer")
        try:
            found = self.discover(own.issuer)
            token = self._exchanged(own, asked, found, code)
            claims = self._checked(own, asked, found, token)
            if "email" not in claims and found.get("userinfo_endpoint"):
                claims = self._more(found, token, claims)
            return _claims(own.issuer, claims)
        except WRONG as error:
            raise NotProved(f"{type(error).__name__}: {error}") from error

    def _exchanged(
        self, own: Registered, asked: Secrets, found: dict[str, Any], code: str
    ) -> dict[str, Any]:
        ways = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        way = "client_secret_basic" if "client_secret_basic" in ways else "client_secret_post"
        session = OAuth2Session(
            own.client_id,
            own.client_secret or None,
            token_endpoint_auth_method=way if own.client_secret else "none",
            redirect_uri=own.redirect,
        )
        with session:
            outside.guard(session, self._trusted)
            token: dict[str, Any] = session.fetch_token(
                found["token_endpoint"],
                code=code,
                code_verifier=asked.verifier,
                grant_type="authorization_code",
            )
        return token

    def _checked(
        self, own: Registered, asked: Secrets, found: dict[str, Any], token: dict[str, Any]
    ) -> dict[str, Any]:
        """The claims of the ID token, its signature and every binding verified."""
        uri = str(found["jwks_uri"])
        try:
            read = jwt.decode(str(token["id_token"]), self._keys_of(uri), ALGORITHMS)
        except InvalidKeyIdError:  # the service has changed its keys
            read = jwt.decode(str(token["id_token"]), self._keys_of(uri, anew=True), ALGORITHMS)
        must = {
            "iss": {"essential": True, "value": own.issuer},
            "aud": {"essential": True, "value": own.client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True},
        }
        bound = {
            "nonce": asked.nonce,
            "client_id": own.client_id,
            "access_token": token.get("access_token"),
        }
        claims = CodeIDToken(read.claims, read.header, must, bound)
        claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY)
        return dict(claims)

    def _more(
        self, found: dict[str, Any], token: dict[str, Any], claims: dict[str, Any]
    ) -> dict[str, Any]:
        """The service tells address and name only when asked; it must speak of the same person."""
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        said = self._json(str(found["userinfo_endpoint"]), bearer)
        if not hmac.compare_digest(str(said["sub"]), str(claims["sub"])):
            raise NotProved("userinfo of somebody else")
        told: dict[str, Any] = {k: said[k] for k in TOLD if k in said}
        return {**told, **claims}

    def _keys_of(self, uri: str, *, anew: bool = False) -> KeySet:
        kept = self._keys.get(uri)
        age = time.monotonic() - kept[0] if kept is not None else KEPT
        if kept is not None and age < (ASK_AGAIN if anew else KEPT):
            return kept[1]
        found = KeySet.import_key_set(cast(Any, self._json(uri)))
        with self._lock:
            if len(self._keys) > MOST_KEPT:
                self._keys.clear()
            self._keys[uri] = (time.monotonic(), found)
        return found

    def _sound(self, url: object) -> None:
        outside.judged(str(url), self._trusted)

    def _json(self, url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        with requests.Session() as session:
            outside.guard(session, self._trusted)
            answer = session.get(url, headers={"Accept": "application/json", **(headers or {})})
        if answer.status_code != 200:
            raise ValueError(f"{answer.status_code} from {urlsplit(url).hostname}")
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError("not an object")
        return found


def _claims(issuer: str, said: dict[str, Any]) -> Claims:
    subject = said["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise ValueError("subject")
    email = said.get("email")
    return Claims(
        issuer=issuer,
        subject=subject,
        email=email.strip().lower() if isinstance(email, str) else "",
        email_verified=said.get("email_verified") is True,
        name=str(said.get("name") or "")[:100],
    )
