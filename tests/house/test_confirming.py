"""What cannot be undone is asked about without JavaScript, too."""

from __future__ import annotations

import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
# a dialog that only JavaScript shows will do for what can be done anew or taken back
UNDOABLE = {
    "account.revoke_session": "one signs in again",
    "account.revoke_sessions": "one signs in again",
    "capabilities.touch": "restored with a click",
    "files.release": "taking back, which can be opened again; opening asks in two steps",
    "people.factor_link": "a link that nobody uses does nothing",
    "people.reset_link": "a link that nobody uses does nothing",
    "people.withdraw": "one invites again",
    "questions.withdraw": "one asks again",
}


def test_only_what_can_be_undone_relies_on_javascript_to_be_asked_about() -> None:
    found = set()
    for path in TEMPLATES.rglob("*.html"):
        found |= set(re.findall(r"\bconfirm\(url_for\('([\w.]+)'", path.read_text("utf-8")))
    assert found == set(UNDOABLE), "use confirm_in_two, or say here how it is undone"
