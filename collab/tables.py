"""Lists every models.py so that no table is forgotten at creation."""

from __future__ import annotations

from sqlmodel import SQLModel

from collab.facilities import models as facilities
from collab.matching import models as matching
from collab.members import models as members
from collab.needs import models as needs
from collab.storage import models as storage

MODULES = (storage, members, facilities, needs, matching)
metadata = SQLModel.metadata
