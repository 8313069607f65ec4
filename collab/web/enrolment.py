"""Before a first factor gives rights of the secretariat: the link to the address."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from collab.members import enrolment
from collab.web import links, signing
from collab.web.session import current_actor, language, reading, writing

blueprint = Blueprint("enrolment", __name__)
ASKED, OPENED = 3, 60  # in a quarter of an hour: of one person, from one address


@blueprint.post("/account/factor")
def ask() -> Response:
    """Send the link."""
    links.count((f"factor-link:{current_actor().person_id}", ASKED))
    with writing() as uow:
        enrolment.ask(uow, current_actor(), links.secret(), language())
    flash(_("确认邮件已发送，请在 30 分钟内用这个浏览器打开其中的链接。"), "success")
    return redirect(url_for("passkeys.security"))


@blueprint.get("/account/factor/<token>")
def proved(token: str) -> Response:
    """The link was opened by its owner, in this browser; a factor set up here uses it up."""
    links.count((links.from_here("link"), OPENED))
    with reading() as uow:
        enrolment.opened(uow, current_actor(), token)
    session[signing.PROOF] = token[:200]
    flash(_("邮箱已确认，现在可以添加通行密钥或验证器应用。"), "success")
    return redirect(url_for("passkeys.security"))
