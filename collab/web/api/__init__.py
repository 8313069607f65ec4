"""The same use cases as JSON under /api/v1, documented with OpenAPI 3.1."""

from __future__ import annotations

from collab.web.api import (
    account,
    agreements,
    alliance,
    answers,
    blocked,
    capabilities,
    catalogue,
    docs,
    files,
    needs,
    network,
    questions,
    vocabulary,
)
from collab.web.api.serving import api

blueprint = api.blueprint
__all__ = [
    "account", "agreements", "alliance", "answers", "blocked", "blueprint", "capabilities",
    "catalogue", "docs", "files", "needs", "network",
    "questions", "vocabulary",
]  # fmt: skip
