"""Who may open an import: whoever brought it in, editors of its organisation, the secretariat."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, or_, true
from sqlmodel import col

from collab.importing.models import ImportBatch
from collab.kernel.identity import Actor


def openable(actor: Actor) -> ColumnElement[bool]:
    """The condition on imports that the actor may see, confirm and undo."""
    if actor.system or actor.secretariat:
        return true()
    reasons: list[ColumnElement[bool]] = [false()]
    if actor.person_id is not None:
        reasons.append(col(ImportBatch.person_id) == actor.person_id)
    if actor.editor_organisation_ids:
        reasons.append(col(ImportBatch.organisation_id).in_(actor.editor_organisation_ids))
    return or_(*reasons)
