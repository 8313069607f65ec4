"""The journeys go over the site as shipped."""

from __future__ import annotations

from tests.site import bare, bare_template, shipped_template, site

__all__ = ["bare", "bare_template", "shipped_template", "site"]
