"""Everything that a reader can send, found by itself, and what comes back without what passes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from collab import tables
from collab.web.session import COOKIE
from tests.site import Site, cookie_of, csrf
from tests.surfaces import plain, rules
from tests.web.test_imports import GOOD, upload
from tests.web.test_matrix import Field, asked, nothing_kept

UNKNOWN = "x-0000000000"
WORDS = "需要在8英寸SOI晶圆上做电子束光刻，线宽100nm，10片，8周内"
# answers that hold a fresh secret, or are about the sender's own secrets alone
OWN_SECRETS = frozenset({
    "account.issue_token", "api.issue_token", "second_factor.new_codes", "second_factor.set_up",
    "second_factor.switch_off", "passkeys.begin", "passkeys.ask",
    "second_factor.passkey_options", "people.invite", "people.reset_link",
    "recovery.ask_for_address", "openid.find",
})  # fmt: skip
PUBLIC_ID = re.compile(r"\b[a-z]{2,5}-[0-9a-z]{8,14}\b")
# questions whose answers count or name needs, more closely than the forms of every route ask
MORE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/api/v1/extractions", {"text": "Zorbleinvited 鹮定向词 电子束光刻"}),
    ("/api/v1/matches", {"text": WORDS}),
    ("/api/v1/alliance/what-if", {"technique": "lithography.ebl", "region": "jilin"}),
    ("/api/v1/alliance/what-if", {"technique": "lithography.ebl", "remove": ["{capability}"]}),
    ("/api/v1/alliance/what-if",
     {"technique": "lithography.holographic", "change": "{capability}"}),
    ("/api/v1/alliance/allocation",
     {"assume": [{"capability": "{capability}", "month": "{month}", "free": 5}]}),
)  # fmt: skip


def keys_of(site: Site) -> set[str]:
    """The public id of every row that is there."""
    found: set[str] = set()
    with site.database.reading() as uow:
        run = uow.session.connection().exec_driver_sql
        for table in tables.metadata.sorted_tables:
            if "public_id" in table.columns:
                found.update(run(f'SELECT public_id FROM "{table.name}"').scalars())
    return found


def answers(
    site: Site, who: str, hidden: Mapping[str, list[str]], there: set[str], **more: str
) -> dict[str, str]:
    """What comes back for everything sent, by route and the thing it was about; nothing is kept.

    `hidden` are ids of hidden things by the word that routes have for their kind; each route about
    such a kind is sent all of them, and one that nobody knows.
    """
    made = Field(site, keys=defaultdict(lambda: UNKNOWN))  # type: ignore[arg-type]
    made.keys["house"] = made.keys["organisations"] = site.organisations["alpha"]
    client = site.browser(who)
    if "_flashes" in cookie_of(client):
        with client.session_transaction() as session:
            session.pop("_flashes")
    csrf(client)
    before = client.get_cookie(COOKIE)
    assert before is not None
    found: dict[str, str] = {}

    def note(name: str, answer: TestResponse) -> None:
        assert answer.status_code < 500, (who, name)
        text = f"{answer.status_code} {answer.headers.get('Location', '')}\n{plain(answer)}"
        made_now = (k for k in PUBLIC_ID.findall(text) if k not in there)
        for key in sorted(set(made_now), key=len, reverse=True):
            text = text.replace(key, "KEY")
        found[name] = text
        client.set_cookie(COOKIE, before.value)  # nothing of one answer reaches the next

    with nothing_kept(site.database):
        for method in ("GET", "POST", "PUT", "DELETE"):
            for rule in rules(site, method):
                for name, about in (
                    _about(rule, hidden) if method == "GET" else [("", {}), *_about(rule, hidden)]
                ):
                    if rule.endpoint in OWN_SECRETS:
                        continue
                    made.needs["x"] = about.get("needs", UNKNOWN)
                    made.keys.update({k: about.get(k, UNKNOWN) for k in hidden if k != "needs"})
                    note(f"{method} {rule.rule} {name}", asked(made, rule, method, who, "x"))
        note("POST /imports", upload(site, GOOD, who))
        for number, (path, body) in enumerate(MORE):
            note(f"{path} {number}", _asked_more(site, who, path, body, more))
    return found


def _about(rule: Rule, hidden: Mapping[str, list[str]]) -> Iterator[tuple[str, dict[str, str]]]:
    """The hidden things that a rule can be about, one at a time."""
    kinds = [k for k in hidden if f"/{k}/<key>" in rule.rule]
    kinds += ["interest"] if "<interest_key>" in rule.rule else []
    for kind in kinds:
        for number, key in enumerate(hidden.get(kind, ())):
            yield f"{kind} {number}", {kind: key}


def _asked_more(
    site: Site, who: str, path: str, body: dict[str, Any], more: Mapping[str, str]
) -> TestResponse:
    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: fill(v) for k, v in value.items()}
        if isinstance(value, list):
            return [fill(v) for v in value]
        return value.format(**more) if isinstance(value, str) else value

    client = site.browser(who)
    return client.post(path, json=fill(body), headers={"X-CSRFToken": csrf(client)})
