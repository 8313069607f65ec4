"""Typed doors to the translations, named so that the extraction finds their texts."""

from __future__ import annotations

import flask_babel  # type: ignore[import-untyped, unused-ignore]


def _(text: str, **facts: object) -> str:
    """`text` in the asker's language with %(name)s filled in."""
    return str(flask_babel.gettext(text, **facts))


def ngettext(one: str, many: str, num: int, **facts: object) -> str:
    """`one` or `many` by `num` in the asker's language; %(num)s is filled in."""
    return str(flask_babel.ngettext(one, many, num, **facts))
