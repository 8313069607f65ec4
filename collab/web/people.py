"""People and their roles: invite, give and take roles, leave; accept an invitation."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from pydantic import ValidationError
from werkzeug.wrappers import Response

from collab.kernel.errors import NotFound, Rejected
from collab.kernel.identity import Role
from collab.kernel.problems import Problem
from collab.members import catalogue, enrolment, people, recovery, second_factor
from collab.members.forms import InvitationIn, RoleIn
from collab.needs import handover
from collab.web import labels, links, params, present, signing
from collab.web.errors import problems_of
from collab.web.session import (
    current_actor,
    language,
    platform,
    public,
    reading,
    remember,
    writing,
)

blueprint = Blueprint("people", __name__)
INVITATIONS, LINKS = 40, 60  # in a quarter of an hour: of one person, from one address
INVITE = ("email", "name", "role", "region", "expires_on")
Answer = str | tuple[str, int] | Response


def _sent(prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
    found = {name: request.form.get(prefix + name, "").strip() for name in names}
    return {k: v for k, v in found.items() if v or k != "expires_on"}


def _where() -> str:
    return request.form.get("scope", "")[:80]


def _number(name: str) -> int:
    value = request.form.get(name, "")
    if not value.isascii() or not value.isdigit() or len(value) > 12:
        raise NotFound(name, "")
    return int(value)


@blueprint.get("/members/people")
def index() -> Answer:
    """People of an organisation or of the alliance."""
    return _page(params.text("scope", 80), {}, ())


def _page(
    key: str, values: dict[str, Any], wrong: tuple[Problem, ...], link: str = "", sent: bool = False
) -> str:
    actor = current_actor()
    with reading() as uow:
        houses = people.scopes(uow, actor)
        if not key:
            key = people.ALLIANCE if actor.secretariat else _first(houses)
        where = people.scope(uow, actor, key)
        standing = people.standing(uow, where)
        factors = second_factor.holders(uow, {s.person.id or 0 for s in standing})
        waiting = people.invitations(uow, where)
        regions = catalogue.regions(uow) if where.organisation is None else {}
    return render_template(
        "members/people.html",
        where=where.key,
        title=_scope_name(where),
        scopes=[(o.public_id, present.pick(o.name_zh, o.name_en)) for o in houses],
        people=[_person(s, factors) for s in standing],
        once=sorted({(s.person.public_id, s.person.name) for s in standing}, key=lambda p: p[1]),
        invitations=[
            {"id": r.id, "email": r.email, "role": labels.label("role", str(r.facts.get("role"))),
             "until": present.day(r.expires_at)}
            for r in waiting
        ],
        roles=[(r.value, labels.label("role", r)) for r in where.roles],
        regions=present.region_options(regions),
        values=values,
        problems=present.problems(wrong),
        link=link,
        sent=sent,
    )  # fmt: skip


def _first(houses: list[Any]) -> str:
    if not houses:
        raise NotFound("people", "")
    return str(houses[0].public_id)


def _scope_name(where: people.Scope) -> str:
    house = where.organisation
    return present.pick(house.name_zh, house.name_en) if house else _("联盟")


def _person(found: people.Standing, factors: set[int]) -> dict[str, Any]:
    person, grant = found.person, found.grant
    return {
        "key": person.public_id, "name": person.name, "email": person.email,
        "role": labels.label("role", grant.role), "grant": grant.id,
        "region": present.place(found.region), "until": present.day(grant.expires_at),
        "by": found.granted_by, "on": present.day(grant.created_at),
        "factor": person.id in factors, "verified": person.verified_at is not None,
        "secretary": grant.role is Role.SECRETARIAT,
        "self": person.id == current_actor().person_id,
    }  # fmt: skip


@blueprint.post("/members/people/invite")
def invite() -> Answer:
    """Ask somebody in."""
    links.count((f"invite:{current_actor().person_id}", INVITATIONS))
    values = _sent("", INVITE)
    try:
        form = InvitationIn.model_validate(values)
        with writing() as uow:
            path = people.invite(uow, current_actor(), _where(), form, links.secret(), language())
    except (ValidationError, Rejected) as error:
        found = problems_of(error) if isinstance(error, ValidationError) else error.problems
        return _page(_where(), values, tuple(found)), 422
    return _page(_where(), {}, (), links.shown(path), True)


@blueprint.post("/members/people/withdraw")
def withdraw() -> Answer:
    """An invitation opens nothing more."""
    with writing() as uow:
        people.withdraw_invitation(uow, current_actor(), _where(), _number("id"))
    flash(_("邀请已撤回。"), "success")
    return redirect(url_for("people.index", scope=_where()))


@blueprint.post("/members/people/grant")
def grant() -> Answer:
    """Give another role."""
    values = _sent("grant_", ("role", "region", "expires_on"))
    try:
        form = RoleIn.model_validate(values)
        with writing() as uow:
            people.grant(uow, current_actor(), _where(), request.form.get("person", "")[:80], form)
    except (ValidationError, Rejected) as error:
        found = problems_of(error) if isinstance(error, ValidationError) else error.problems
        named = tuple(Problem(f"grant_{p.field}", p.code, p.facts) for p in found)
        return _page(_where(), {}, named), 422
    flash(_("角色已授予。"), "success")
    return redirect(url_for("people.index", scope=_where()))


@blueprint.post("/members/people/revoke")
def revoke() -> Answer:
    """Take a role back."""
    try:
        with writing() as uow:
            people.revoke(uow, current_actor(), _where(), _number("id"))
    except Rejected as error:
        return _page(_where(), {}, error.problems), 422
    flash(_("角色已收回。"), "success")
    return redirect(url_for("people.index", scope=_where()))


@blueprint.post("/members/people/leave")
def leave() -> Answer:
    """Somebody leaves; what they posted goes to a successor."""
    actor = current_actor()
    person, successor = (request.form.get(n, "")[:80] for n in ("leaver", "successor"))
    try:
        with writing() as uow:
            keys = people.leave(uow, actor, _where(), person, successor)
            count = handover.hand_over(uow, actor, *keys)
    except Rejected as error:
        return _page(_where(), {}, error.problems), 422
    flash(_("已完成交接，移交需求 %(n)s 条。", n=count), "success")
    return redirect(url_for("people.index", scope=_where()))


@blueprint.post("/members/people/<key>/reset-link")
def reset_link(key: str) -> Answer:
    """A reset link for somebody whom no e-mail reaches."""
    with writing() as uow:
        path = recovery.reset_for(uow, current_actor(), key, links.secret())
    return _page(_where(), {}, (), links.shown(path), True)


@blueprint.post("/members/people/<key>/factor-link")
def factor_link(key: str) -> Answer:
    """The link by which a colleague whom no e-mail reaches sets up a first factor."""
    with writing() as uow:
        path = enrolment.link_for(uow, current_actor(), key, links.secret())
    return _page(_where(), {}, (), links.shown(path), True)


@blueprint.post("/members/people/<key>/second-factor")
def reset_factor(key: str) -> Answer:
    """Take the second factor of somebody who lost it."""
    with writing() as uow:
        second_factor.reset(uow, current_actor(), key)
    flash(_("两步验证已重置，该用户的登录已全部退出。"), "success")
    return redirect(url_for("people.index", scope=_where()))


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
@public
def invitation(token: str) -> Answer:
    """Accept an invitation."""
    links.count((links.from_here("link"), LINKS))
    name = request.form.get("name", "")[:200]
    if request.method == "GET":
        return _invitation_page(token, None, ())
    try:
        with writing() as uow:
            person = people.accept(
                uow, current_actor(), token, name, request.form.get("password", "")[:400],
                language(), platform().breached,
            )  # fmt: skip
            fresh = current_actor().is_visitor
            session = signing.open_session(uow, person, "invitation") if fresh else ""
    except Rejected as error:
        return _invitation_page(token, name, error.problems), 422
    if session:
        remember(session)
    flash(_("欢迎加入 OE+ Collab。"), "success")
    return redirect(url_for("organisations.mine"))


def _invitation_page(token: str, name: str | None, wrong: tuple[Problem, ...]) -> str:
    with reading() as uow:
        row, person = people.invitation(uow, token)
    own = person is not None and person.id == current_actor().person_id
    return render_template(
        "account/invitation.html",
        token=token,
        email=row.email,
        name=name if name is not None else str(row.facts.get("name", "")),
        role=labels.label("role", str(row.facts.get("role"))),
        known=person is not None,
        own=own,
        problems=present.problems(wrong),
    )
