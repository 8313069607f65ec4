"""Lists every models.py so that no table is forgotten at creation."""

from __future__ import annotations

from sqlmodel import SQLModel

from collab.agreements import models as agreements
from collab.curation import models as curation
from collab.deals import models as deals
from collab.facilities import models as facilities
from collab.files import models as files
from collab.importing import models as importing
from collab.matching import models as matching
from collab.members import models as members
from collab.moderation import models as moderation
from collab.needs import models as needs
from collab.network import models as network
from collab.notices import models as notices
from collab.questions import models as questions
from collab.search import models as search
from collab.storage import models as storage

MODULES = (
    storage,
    members,
    facilities,
    needs,
    files,
    search,
    matching,
    deals,
    questions,
    agreements,
    moderation,
    notices,
    importing,
    curation,
    network,
)
metadata = SQLModel.metadata
