"""The whole passkey ceremony in Chromium with a virtual authenticator, under the real policy."""

from __future__ import annotations

import pytest
from playwright.sync_api import CDPSession, Page

from tests.browser.conftest import Looking
from tests.site import PASSWORD

pytestmark = pytest.mark.browser


def authenticator(page: Page) -> tuple[CDPSession, str]:
    """A phone that is unlocked at every question."""
    talk = page.context.new_cdp_session(page)
    talk.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True,
            "automaticPresenceSimulation": True}  # fmt: skip
    made = talk.send("WebAuthn.addVirtualAuthenticator", {"options": kind})
    return talk, str(made["authenticatorId"])


def test_a_passkey_is_made_and_signs_in_alone_and_after_the_password(looking: Looking) -> None:
    base = looking.base.replace("127.0.0.1", "localhost")
    email = looking.site.emails["owner"]
    context = looking.browser.new_context()  # the content policy stays in force
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if "Content Security" in m.text else None)
    talk, device = authenticator(page)

    def enter() -> None:
        page.goto(f"{base}/sign-in?lang=en")
        page.fill("#email", email)
        page.fill("#password", PASSWORD)
        page.click("form:not([data-passkey]) button:has-text('Sign in')")

    enter()
    page.wait_for_url(f"{base}/")
    page.goto(f"{base}/account/security")
    page.fill("#passkey_name", "Virtual phone")
    page.click("button:has-text('Add a passkey')")
    page.wait_for_selector(".oe-codes")
    assert page.locator(".oe-codes li").count() == 10
    page.goto(f"{base}/account/security")
    assert page.get_by_text("Virtual phone").count() == 1
    held = talk.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert [c["rpId"] for c in held] == ["localhost"]
    page.fill("#passkey_name", "Again")
    page.click("button:has-text('Add a passkey')")
    page.wait_for_selector("text=This device was added before.")

    context.clear_cookies()
    page.goto(f"{base}/sign-in?lang=en")
    page.click("button:has-text('Sign in with a passkey')")
    page.wait_for_url(f"{base}/")
    assert page.goto(f"{base}/account").status == 200  # type: ignore[union-attr]

    context.clear_cookies()
    enter()
    page.wait_for_url(f"{base}/sign-in/code")
    page.click("button:has-text('Use a passkey')")
    page.wait_for_url(f"{base}/")
    assert page.goto(f"{base}/account").url == f"{base}/account"  # type: ignore[union-attr]

    # somebody who does not unlock the phone does not come in, and is told what to do
    context.clear_cookies()
    talk.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.goto(f"{base}/sign-in?lang=en")
    page.click("button:has-text('Sign in with a passkey')")
    page.wait_for_selector("[data-passkey-status]:visible")
    assert "Try again" in page.locator("[data-passkey-status]").inner_text()
    assert page.goto(f"{base}/account").url.startswith(f"{base}/sign-in")  # type: ignore[union-attr]
    assert faults == []
    context.close()
