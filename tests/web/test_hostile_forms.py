"""Forms and addresses filled in by somebody who means harm: clear refusals, nothing half saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

import pytest

from tests.site import PASSWORD, SOI, Site, copied, csrf, need_rows, row_counts

STRINGS = {
    "nothing": "",
    "blanks": " \u3000\t\n",
    "NUL": "a\x00b",
    "control": "\x01\x02\x1b[31m\x7f",
    "emoji": "😀👩‍🔬🏳️‍🌈" * 20,
    "half a surrogate": "a\ud800b",
    "not a character": "\ufffe\uffff\ufffd",
    "right to left": "\u202egnp.exe\u202c\u2066",
    "path": "../../../../etc/passwd",
    "template": "{{ 7*7 }}{% for x in ().__class__.__mro__ %}x{% endfor %}${7*7}#{7*7}",
    "format": "%s%n%x{0.__class__}{title}",
    "sql": "' OR 1=1; DROP TABLE need; --",
    "like": "%_%\\",
    "header": "x\r\nSet-Cookie: a=b\r\n\r\n<p>",
    "script": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "huge number": "9" * 5000,
    "power of powers": "9**9**9**9",
    "infinity": "inf",
    "not a number": "nan",
    "1e999": "1e999",
    "superscript digit": "²",
    "arabic digits": "٣٤",
    "negative": "-1",
    "unknown id": "need-0000000000",
    "list": "[1, {\"a\": null}]",
    "long word": "长" * 30_000,
    "one megabyte": "x" * 2**20,
}  # fmt: skip
NEED_FIELDS = (
    "technique.0.id", "technique.0.span", "technique.0.mode", "technique.0.confidence",
    "any.0.id", "any.0.span", "material.0.id", "material.0.span", "parameter.0.id",
    "parameter.0.op", "parameter.0.value", "parameter.0.unit", "parameter.0.span",
    "parameter.0.hard", "quantity.value", "quantity.unit", "deadline.value", "deadline.unit",
    "deadline.date", "budget.value", "budget.currency", "budget.op", "trl", "trl.op", "chain",
    "region.prefer", "confidentiality", "title", "version",
)  # fmt: skip
CAPABILITY_FIELDS = (
    "category", "name_zh", "name_en", "code", "description", "access_mode", "status",
    "price_currency", "price_note", "lead_weeks_min", "lead_weeks_max", "load_percent", "price",
    "techniques", "materials", "value.min-feature.low", "value.min-feature.high",
    "value.wafer-diameter.choices", "value.nothing.low", "organisation", "version",
)  # fmt: skip
WHOLE_NEED = {
    "technique.0.id": "lithography.ebl", "technique.0.mode": "required",
    "technique.0.was": "lithography.ebl", "technique.0.rule": "term",
    "any.0.id": "lithography.ebl|lithography.holographic", "material.0.id": "soi",
    "parameter.0.id": "min-feature", "parameter.0.op": "le", "parameter.0.value": "100",
    "parameter.0.unit": "nm", "quantity.value": "5", "deadline.value": "8",
}  # fmt: skip
WHOLE_CAPABILITY = {
    "category": "process", "name_zh": "电子束直写", "techniques": "lithography.ebl",
    "value.min-feature.low": "20",
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(bare_template, tmp_path_factory) -> Iterator[Site]:  # type: ignore[no-untyped-def]
    """One site for all of this: nothing may be left in it anyway."""
    site = copied(bare_template, tmp_path_factory.mktemp("hostile"))
    yield site
    site.database.close()


@pytest.fixture(scope="module")
def draft(shared: Site) -> str:
    """A drafted need of alpha."""
    return shared.draft()


@pytest.fixture(scope="module")
def capability(shared: Site) -> str:
    """The address of a capability of alpha."""
    form = {**WHOLE_CAPABILITY, "organisation": shared.organisations["alpha"]}
    return shared.post("/capabilities/new", "owner", form).location


def encoded(form: dict[str, str]) -> bytes:
    """A form body in which even half a surrogate travels, as bytes that are not UTF-8."""
    return "&".join(
        f"{quote(k)}={quote(v.encode('utf-8', 'surrogatepass'))}" for k, v in form.items()
    ).encode()


def some(fields: Sequence[str], name: str, request: pytest.FixtureRequest) -> list[str]:
    """A third of the fields, another one for each string; all of them in the long run."""
    if request.config.getoption("--run-soak"):
        return list(fields)
    start = list(STRINGS).index(name)
    return [field for place, field in enumerate(fields) if (place + start) % 3 == 0]


def attack(site: Site, path: str, form: dict[str, str], who: str = "owner") -> int:
    """The status of the answer, which must not be a failure; a refusal keeps nothing."""
    client = site.browser(who)
    before = (row_counts(site.database), need_rows(site.database))
    answer = client.post(path, data=encoded({**form, "csrf_token": csrf(client)}),
                         content_type="application/x-www-form-urlencoded")  # fmt: skip
    assert answer.status_code < 500, answer.text[-300:]
    assert answer.status_code != 200, "a refused form must say so in its status"
    if answer.status_code >= 400:
        assert (row_counts(site.database), need_rows(site.database)) == before
        assert "<script>alert(1)" not in answer.text
        assert "onerror=alert(1)>" not in answer.text.replace("&gt;", "")
        assert ">49<" not in answer.text
    return answer.status_code


@pytest.mark.parametrize("name", STRINGS)
def test_a_hostile_text_of_a_need_is_refused_or_kept_as_text(shared: Site, name: str) -> None:
    value = STRINGS[name]
    form = {"text": value, "title": "", "organisation": shared.organisations["alpha"]}
    status = attack(shared, "/needs/new", form)
    wrong = {"nothing", "blanks", "NUL", "long word", "one megabyte"}
    assert status == (422 if name in wrong else 302)
    title = attack(shared, "/needs/new", {**form, "text": SOI, "title": value})
    assert title in (302, 422)
    owner = attack(shared, "/needs/new", {**form, "text": SOI, "organisation": value})
    assert owner in (403, 404, 422)
    preview = shared.browser().post("/needs/new", data={
        "text": value.encode("utf-8", "replace").decode(), "preview": "1",
        "csrf_token": csrf(shared.browser())})  # fmt: skip
    assert preview.status_code in (200, 422)
    assert "<script>alert(1)" not in preview.text


@pytest.mark.parametrize("name", STRINGS)
def test_a_hostile_correction_is_refused_and_changes_nothing(
    shared: Site, draft: str, name: str, request: pytest.FixtureRequest
) -> None:
    for field in some(NEED_FIELDS, name, request):
        form = {**WHOLE_NEED, field: STRINGS[name]}
        status = attack(shared, f"/needs/{draft}/confirm", form)
        assert status in (302, 409, 422), field
    assert shared.get(f"/needs/{draft}/confirm", "owner").status_code == 200
    assert shared.get(f"/needs/{draft}", "owner").status_code == 200


@pytest.mark.parametrize("name", STRINGS)
def test_a_hostile_capability_is_refused_or_kept_as_text(
    shared: Site, capability: str, name: str, request: pytest.FixtureRequest
) -> None:
    for field in some(CAPABILITY_FIELDS, name, request):
        form = {**WHOLE_CAPABILITY, "organisation": shared.organisations["alpha"]}
        status = attack(shared, f"{capability}/edit", {**form, field: STRINGS[name]})
        assert status in (302, 409, 422), field
    page = shared.get(capability, "visitor")
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text
    assert shared.get(f"{capability}/edit", "owner").status_code == 200


@pytest.mark.parametrize("name", STRINGS)
def test_hostile_words_elsewhere_are_refused_or_kept_as_text(shared: Site, name: str) -> None:
    value = STRINGS[name]
    house = shared.organisations["alpha"]
    names = ("name_zh", "name_en", "website", "description_zh", "contact", "version")
    for field in names:
        form = {"name_zh": "甲鹮光电", "version": "1", field: value}
        assert attack(shared, f"/organisations/{house}/edit", form) in (302, 409, 422), field
        assert shared.get(f"/organisations/{house}").status_code == 200
    for field in ("name", "days", "scopes"):
        form = {"name": "x", "days": "9", "scopes": "read", field: value}
        client = shared.browser("owner")
        answer = client.post("/account/tokens", data=encoded({**form, "csrf_token": csrf(client)}),
                             content_type="application/x-www-form-urlencoded")  # fmt: skip
        assert answer.status_code in (200, 422), field
    for path in ("/needs/need-0000000000/move", "/needs/need-0000000000/interest"):
        form = {"state": value, "message": value, "organisation": value, "version": value}
        assert attack(shared, path, form) in (403, 404, 409, 413, 422)


@pytest.mark.parametrize("name", STRINGS)
def test_hostile_addresses_and_queries_get_an_answer(shared: Site, name: str) -> None:
    value = quote(STRINGS[name].encode("utf-8", "surrogatepass")[:3000], safe="")
    for language in ("zh", "en")[len(name) % 2 :][:1]:
        for path in (
            "/search?q={}", "/search?kind={}", "/search?sort={}", "/search?page={}",
            "/search?material={}", "/search?technique={}", "/search/suggest?q={}",
            "/capabilities?q={}", "/capabilities?technique={}", "/capabilities?page={}",
            "/capabilities?size={}", "/capabilities?region={}", "/capabilities?wafer={}",
            "/organisations?q={}", "/organisations?kind={}", "/organisations?region={}",
            "/needs?q={}", "/needs?state={}", "/needs?chain={}", "/network?region={}",
            "/network?kind={}", "/network/data?relation={}", "/sign-in?next={}", "/?lang={}",
            "/needs?{}=1", "/help/{}", "/capabilities/{}", "/organisations/{}", "/needs/{}",
        ):  # fmt: skip
            joint = "&" if "?" in path else "?"
            answer = shared.get(f"{path.format(value)}{joint}lang={language}")
            assert answer.status_code in (200, 302, 308, 404, 405), (path, answer.status_code)
            assert "<script>alert(1)" not in answer.text, path


def test_broken_bodies_get_a_clear_answer_in_the_readers_language(shared: Site) -> None:
    client = shared.browser("owner")
    before = row_counts(shared.database)
    bodies = (
        (b"\xff\xfe\x00" * 100, "application/x-www-form-urlencoded"),
        (bytes(range(256)), "multipart/form-data; boundary=x"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b'{"text": "a"}', "application/json"),
        (b"a=1&" * 5000, "application/x-www-form-urlencoded"),
        (b"text=" + b"x" * (3 * 2**20), "application/x-www-form-urlencoded"),
    )
    for language in ("zh", "en"):
        for body, kind in bodies:
            for path in ("/needs/new", "/sign-in", "/capabilities/new"):
                answer = client.post(f"{path}?lang={language}", data=body, content_type=kind,
                                     headers={"X-CSRFToken": csrf(client)})  # fmt: skip
                assert 400 <= answer.status_code < 500, (path, kind, answer.status_code)
                assert ('<html lang="en"' in answer.text) == (language == "en"), (path, kind)
    assert row_counts(shared.database) == before


def test_stored_scripts_and_templates_stay_text_on_every_page(bare: Site) -> None:
    evil = "<script>alert(1)</script>{{7*7}}\"'><img src=x onerror=alert(1)>"
    house = bare.organisations["alpha"]
    form = {"name_zh": evil, "name_en": evil, "description_zh": evil, "description_en": evil,
            "contact": evil, "version": "1"}  # fmt: skip
    assert bare.post(f"/organisations/{house}/edit", "owner", form).status_code == 302
    made = bare.post("/capabilities/new", "owner", {
        **WHOLE_CAPABILITY, "name_zh": evil, "name_en": evil, "description": evil,
        "access_mode": evil, "price_note": evil, "organisation": house})  # fmt: skip
    assert made.status_code == 302
    key = bare.published("public", text=f"{evil} {SOI}", title=evil[:120])
    offer = {"organisation": bare.organisations["beta"], "message": evil}
    assert bare.post(f"/needs/{key}/interest", "other", offer).status_code == 302
    bare.post("/account/tokens", "owner", {"name": evil, "days": "9", "scopes": "read"})
    bare.settle()
    for who in ("owner", "other", "visitor"):
        for path in (
            "/", "/needs", "/needs/mine", f"/needs/{key}", f"/needs/{key}/confirm", "/capabilities",
            made.location, f"{made.location}/edit", "/organisations", f"/organisations/{house}",
            f"/organisations/{house}/edit", "/my-organisation", "/network", "/notices",
            "/account", "/search?q=alert", f"/search?q={quote(evil)}", "/search?q=电子束",
            "/search/suggest?q=a",
        ):  # fmt: skip
            answer = bare.get(path, who)
            assert answer.status_code in (200, 302, 403, 404), path
            if answer.content_type.startswith("text/html"):
                assert "<script>alert" not in answer.text, path
                assert "<img src=x" not in answer.text, path
                assert "{{7*7}}" not in answer.text or "49" not in answer.text, path
    data = bare.get("/network/data")
    assert data.content_type.startswith("application/json")


def test_signing_in_with_hostile_words_is_refused(shared: Site) -> None:
    for number, value in enumerate(STRINGS.values()):
        client = shared.app.test_client()
        form = {"email": f"{number}{value}", "password": value, "next": value}
        answer = client.post("/sign-in", data=encoded({**form, "csrf_token": csrf(client)}),
                             content_type="application/x-www-form-urlencoded")  # fmt: skip
        assert answer.status_code in (413, 422, 429)
        assert PASSWORD not in answer.text
