"""The one Api object that every resource module declares its operations on."""

from __future__ import annotations

from collab.web.api.layer import Api

api = Api()
