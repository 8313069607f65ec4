"""A use case that writes without asking whether the actor may does not get past this test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import guards

ROOT = Path(__file__).resolve().parents[2]
EDGE = "collab.web"  # commands are the operator's, who has the database anyway
BELOW = (EDGE, "collab.cli", "collab.commands", "collab.storage", "collab.kernel")
# What pages call and writes without an actor: something else proves what may be done. Whoever adds
# a line here says what.
PROVED_OTHERWISE = {
    "collab.members.challenges.asked": "the handle in the browser's cookie",
    "collab.members.challenges.put": "opens nothing by itself",
    "collab.members.challenges.taken": "the handle in the browser's cookie",
    "collab.members.joining.apply": "anybody may apply; the secretariat decides",
    "collab.members.joining.claim": "anybody may claim; the secretariat decides",
    "collab.members.openid.begin": "opens nothing by itself",
    "collab.members.openid.enter": "the checked claims of the service",
    "collab.members.passkeys.accuse": "a right signature with a counter that went back",
    "collab.members.passkeys.ask": "opens nothing by itself",
    "collab.members.passkeys.ask_second": "the first factor was right",
    "collab.members.password_change.change_address": "the link sent to the new address",
    "collab.members.recovery.ask_for_reset": "the link goes to the address alone",
    "collab.members.recovery.reset_password": "the link",
    "collab.members.recovery.verify": "the link",
    "collab.members.second_factor.accepts": "the code",
    "collab.members.service.count_try": "counts",
    "collab.members.service.forgive": "a right password",
    "collab.members.service.with_password": "the password",
    "collab.members.sessions.open_session": "a person who proved who they are",
    "collab.members.sessions.sign_out": "the token in the browser's cookie",
    "collab.members.sessions.touch": "the token in the browser's cookie",
    "collab.members.token_use.stamp": "the token in the header",
    "collab.notices.wishes.stop": "the sealed link of a letter",
}


def unguarded(sources: dict[str, str]) -> tuple[set[str], set[str]]:
    """What the edge calls and writes: with an actor but unasked; without an actor at all."""
    found = guards.read(sources)
    writing, asking = guards.reaching(found, "writes"), guards.reaching(found, "guards")
    called: set[str] = set()
    for name, one in found.items():
        called |= one.calls if name.startswith(EDGE) else set()
    entry = {n for n in called & writing if not n.startswith(BELOW)}
    with_actor = {n for n in entry if found[n].takes_actor}
    return with_actor - asking, entry - with_actor


def test_every_use_case_that_writes_asks_whether_the_actor_may() -> None:
    unasked, actorless = unguarded(guards.modules(ROOT, "collab"))
    assert unasked == set()
    assert actorless - set(PROVED_OTHERWISE) == set(), "take an Actor, or say here what proves it"
    assert set(PROVED_OTHERWISE) - actorless == set(), "no longer there: remove the line"


PAGE = "from collab.things import service\n\ndef post():\n    service.change(1, 2)\n"
HEAD = "from collab.things import store\n\n"


@pytest.mark.parametrize(("body", "caught"), [
    ("def change(uow, actor: Actor):\n    uow.session.add(1)\n", True),
    ("def change(uow, actor: Actor):\n    uow.note(actor, 'x', by=actor.person_id)\n", True),
    ("def change(uow, actor: Actor):\n    _do(uow)\n\ndef _do(uow):\n    uow.record(1)\n", True),
    ("def change(uow, actor: Actor):\n    row = store.open_thing(uow, actor)\n"
     "    uow.session.add(row)\n", False),
    ("def change(uow, actor: Actor):\n    if actor.person_id is None:\n        raise E('x')\n"
     "    uow.session.add(1)\n", False),
    ("def change(uow, actor: Actor):\n    rows = store.of(uow, actor.person_id)\n"
     "    uow.session.delete(rows)\n", False),
    ("def change(uow, actor: Actor):\n    return store.open_thing(uow, actor)\n", False),
])  # fmt: skip
def test_a_use_case_without_a_guard_is_caught(body: str, caught: bool) -> None:
    store = "def open_thing(uow, actor):\n    return grants.where(1, actor)\n"
    store += "\ndef of(uow, key):\n    pass\n"
    sources = {"collab.web.things": PAGE, "collab.things.service": HEAD + body,
               "collab.things.store": store}  # fmt: skip
    unasked, actorless = unguarded(sources)
    assert unasked == ({"collab.things.service.change"} if caught else set())
    assert actorless == set()


def test_a_guard_taken_out_of_the_real_code_is_caught() -> None:
    sources = guards.modules(ROOT, "collab")
    name = "collab.needs.handover"
    assert "require_people_of" in sources[name]
    line = "    joined.require_people_of(uow, actor, organisation_id)\n"
    sources[name] = sources[name].replace(line, "")
    assert unguarded(sources)[0] == {f"{name}.hand_over"}
