"""An authenticator in software, after the WebAuthn text and not after the library under test."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(plain: str) -> bytes:
    """The bytes of base64url."""
    return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))


@dataclass
class Authenticator:
    """One credential and its counter; what it says can be bent to try the server."""

    origin: str = "http://localhost"
    host: str = "localhost"
    count: int = 0
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential: bytes = field(default_factory=lambda: os.urandom(32))
    user: str = ""

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, extra: int = 0) -> bytes:
        self.count += 1 if self.counts else 0
        host = hashlib.sha256(self.host.encode()).digest()
        return host + bytes([self.flags | extra]) + struct.pack(">I", self.count)

    def make(self, options: str | dict[str, Any]) -> str:
        """The answer to options for a new credential."""
        asked = json.loads(options) if isinstance(options, str) else options
        self.user = asked["user"]["id"]
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"),
                -3: point.y.to_bytes(32, "big")}  # fmt: skip
        attested = bytes(16) + struct.pack(">H", len(self.credential)) + self.credential
        data = self._data(ATTESTED) + attested + cbor2.dumps(cose)
        whole = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._credential(
            {"clientDataJSON": text(client), "attestationObject": text(whole),
             "transports": ["internal", "nonsense"]}
        )  # fmt: skip

    def sign(self, options: str | dict[str, Any], **bent: Any) -> str:
        """The answer to options for signing in; `bent` replaces parts of it."""
        asked = json.loads(options) if isinstance(options, str) else options
        client = self._client(bent.get("kind", "webauthn.get"), asked["challenge"])
        data = self._data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": text(client), "authenticatorData": text(data),
            "signature": text(signature), "userHandle": self.user,
        }  # fmt: skip
        return self._credential({**response, **bent.get("response", {})})

    def _credential(self, response: dict[str, Any]) -> str:
        name = text(self.credential)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response,
                           "clientExtensionResults": {}})  # fmt: skip
