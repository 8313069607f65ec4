"""Harmful texts in everything one signs in with are refused or kept as text, and nothing breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collab.members import passkeys, service
from tests.authenticator import Authenticator
from tests.site import Site, copied
from tests.web.test_hostile_forms import STRINGS
from tests.web.test_hostile_joining import sent
from tests.web.test_signing import post

OWN = {
    "/account/passkeys": ("answer", "passkey_name"), "/account/confirm": ("confirm_password",),
    "/account/address": ("new_email", "email_password"), "/account/openid/x/connect": ("x",),
    "/account/openid/x/disconnect": ("x",), "/account/passkeys/x/remove": ("x",),
}  # fmt: skip
OPEN = {
    "/sign-in/passkey": ("answer", "next"), "/sign-in/code/passkey": ("answer",),
    "/sign-in/organisation": ("email", "next"), "/address/x": ("x",),
    "/sign-in/passkey/options": ("x",), "/sign-in/code/passkey/options": ("x",),
}  # fmt: skip
CONFIG = {"issuer": "https://login.example.org", "client_id": "c", "client_secret": "s",
          "domains": "beta.example"}  # fmt: skip


@pytest.fixture(scope="module")
def shared(bare_template, tmp_path_factory) -> Iterator[Site]:  # type: ignore[no-untyped-def]
    """One site for all of this."""
    site = copied(bare_template, tmp_path_factory.mktemp("hostile-signing"))
    yield site
    site.database.close()


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here is the forms, not the limits."""
    monkeypatch.setattr(service, "count_try", lambda *_a, **_k: None)


@pytest.mark.parametrize("name", STRINGS)
def test_hostile_words_while_signing_in_are_refused(shared: Site, name: str) -> None:
    value = STRINGS[name]
    for who, forms in (("visitor", OPEN), ("owner", OWN)):
        for path, fields in forms.items():
            for field in fields:
                answer = sent(shared, path, {field: value}, who)
                assert answer in (200, 302, 404, 413, 422), (path, field)
    for field in (*CONFIG, "scope"):
        form = {**CONFIG, "scope": shared.organisations["beta"], field: value}
        answer = sent(shared, "/members/sign-in-service", form, "other")
        assert answer in (404, 413, 422), field
    plain = quote(value.encode("utf-8", "surrogatepass")[:2000])
    for key in ("code", "state", "iss", "error"):
        answer = shared.get(f"/sign-in/openid/idp-x?{key}={plain}")
        assert answer.status_code == 422, key
        assert "<script>alert(1)" not in answer.text


@pytest.mark.parametrize("name", STRINGS)
def test_a_passkey_with_a_hostile_name_is_kept_as_text_or_refused(
    shared: Site, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passkeys, "MOST", 1000)
    client = shared.fresh_browser("invited")
    options = post(client, "/account/passkeys/options").get_json()
    value = STRINGS[name].encode("utf-8", "ignore").decode()
    answer = post(client, "/account/passkeys", answer=Authenticator().make(options),
                  passkey_name=value)  # fmt: skip
    assert answer.status_code in (200, 302, 413, 422)
    page = client.get("/account/security")
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text
    assert ">49<" not in page.text


CREDENTIAL = json.loads(
    Authenticator(user="cGVyLXg").sign({"challenge": "eHh4", "user": {"id": "cGVyLXg"}})
)
PARTS = st.sampled_from(["id", "rawId", "type", "response", "clientExtensionResults"])
INNER = st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "userHandle"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40)
    | st.binary(max_size=60).map(lambda b: b.hex()),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(PARTS, INNER, ANYTHING, st.booleans())
def test_no_credential_however_broken_breaks_anything(
    shared: Site, part: str, inner: str, value: object, deep: bool
) -> None:
    said = json.loads(json.dumps(CREDENTIAL))
    if deep:
        said["response"][inner] = value
    else:
        said[part] = value
    client = shared.browser("visitor")
    post(client, "/sign-in/passkey/options")
    answer = post(client, "/sign-in/passkey", answer=json.dumps(said))
    assert answer.status_code == 422
    own = shared.browser("member")
    post(own, "/account/passkeys/options")
    assert post(own, "/account/passkeys", answer=json.dumps(said)).status_code == 422
