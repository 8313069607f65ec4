"""The API: who may ask, what comes back, how changes are guarded, how lists are paged."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from collab.kernel import clock
from collab.members.models import ApiToken
from tests.web.api_world import CAPABILITY, PASSWORD, TEXT, World


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer that must be refused this way."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    document: dict[str, Any] = answer.json
    assert document["status"] == status
    assert document["type"] == f"urn:oe-collab:problem:{code}"
    assert document["title"]
    assert document["detail"]
    return document


# ── who asks ─────────────────────────────────────────────────────────────────


def test_a_visitor_reads_the_catalogue_and_writes_nothing(world: World) -> None:
    listed = world.get("/organisations?limit=200")
    assert listed.status_code == 200
    assert listed.json["total"] == 225
    assert world.get("/capabilities").json["total"] == 352
    refused = world.post("/capabilities", json=CAPABILITY | {"organisation": "x"})
    problem(refused, 401, "sign_in_first")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    problem(world.get("/tokens"), 401, "sign_in_first")


@pytest.mark.parametrize(
    "header", ["Bearer nonsense", "Bearer ", "Basic YTpi", "Bearer " + "x" * 9000]
)
def test_a_wrong_token_is_refused_even_where_visitors_may_read(world: World, header: str) -> None:
    answer = world.get("/organisations", headers={"Authorization": header})
    problem(answer, 401, "bad_token")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_token_ends_with_its_date_and_with_its_revocation(world: World, freeze: Any) -> None:
    at = clock.now()
    assert world.get("/me", "alpha").json["name"] == "alpha 某"
    freeze(at + timedelta(days=91))
    problem(world.get("/me", "alpha"), 401, "bad_token")
    freeze(at)
    key = world.get("/tokens", "alpha").json["items"][0]["id"]
    assert world.ask("DELETE", f"/tokens/{key}", "beta").status_code == 404
    gone = world.ask("DELETE", f"/tokens/{key}", "alpha")
    assert (gone.status_code, gone.data) == (204, b"")
    problem(world.get("/me", "alpha"), 401, "bad_token")


def test_a_reading_token_reads_and_asks_but_does_not_write(world: World) -> None:
    assert world.get("/needs?mine=true", "alpha-reader").status_code == 200
    assert world.post("/extractions", "alpha-reader", {"text": TEXT}).status_code == 200
    answer = world.post("/needs", "alpha-reader", {"text": TEXT})
    assert "write" in problem(answer, 403, "scope_missing")["detail"]
    assert world.get("/needs?mine=true", "alpha").json["total"] == 0


def test_a_token_cannot_make_tokens_and_a_session_can(world: World, app: Flask) -> None:
    problem(world.post("/tokens", "alpha", {"name": "more"}), 403, "not_allowed")
    browser = signed_in(app)
    forged = browser.post("/api/v1/tokens", json={"name": "laptop"})
    problem(forged, 400, "bad_csrf")
    headers = {"X-CSRFToken": csrf_token(browser)}
    made = browser.post("/api/v1/tokens", json={"name": "laptop"}, headers=headers)
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    assert made.json["scopes"] == ["read"]
    secret = {"Authorization": f"Bearer {made.json['secret']}"}
    assert app.test_client().get("/api/v1/me", headers=secret).json["email"] == "alpha@example.org"
    assert made.json["secret"] not in browser.get("/api/v1/tokens").text


def test_the_cookie_alone_reads_and_a_header_beside_it_does_not_replace_csrf(
    world: World, app: Flask
) -> None:
    browser = signed_in(app)
    assert browser.get("/api/v1/me").json["member"] is True
    headers = {"Authorization": "Bearer wrong"}
    problem(browser.post("/api/v1/needs", json={"text": TEXT}, headers=headers), 401, "bad_token")
    problem(browser.post("/api/v1/needs", json={"text": TEXT}), 400, "bad_csrf")
    assert world.get("/needs?mine=true", "alpha").json["total"] == 0


def test_the_last_use_of_a_token_is_written_seldom(world: World, freeze: Any) -> None:
    at = freeze("2026-11-24T09:00:00+00:00")

    def used() -> Any:
        with world.database.reading() as uow:
            row = uow.session.get(ApiToken, 1)
            return row.last_used_at if row else None

    world.get("/me", "alpha")
    assert used() == at
    freeze.forward(minutes=4)
    world.get("/me", "alpha")
    assert used() == at
    later = freeze.forward(minutes=2)
    world.get("/me", "alpha")
    assert used() == later


def test_too_many_questions_are_refused_with_the_time_to_wait(world: World, app: Flask) -> None:
    app.config["API_LIMITS"] = {"writes": 2, "answers": 2}
    for _ in range(2):
        assert world.post("/extractions", "alpha", {"text": TEXT}).status_code == 200
    refused = world.post("/extractions", "alpha", {"text": TEXT})
    problem(refused, 429, "too_many")
    assert int(refused.headers["Retry-After"]) > 0
    assert world.post("/extractions", "beta", {"text": TEXT}).status_code == 200


def signed_in(app: Flask) -> FlaskClient:
    """A browser with alpha's session."""
    browser = app.test_client()
    form = {"email": "alpha@example.org", "password": PASSWORD, "next": "/"}
    page = browser.get("/sign-in")
    form["csrf_token"] = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
    assert browser.post("/sign-in", data=form).status_code == 302
    return browser


def csrf_token(browser: FlaskClient) -> str:
    """The token that the documentation page gives its script."""
    page = browser.get("/api/docs")
    assert page.status_code == 200
    return re.findall(r'name="csrf-token" content="([^"]+)"', page.text)[0]


# ── reading ──────────────────────────────────────────────────────────────────


def test_an_organisation_is_found_by_id_and_slug_and_its_contact_is_its_own(
    world: World,
) -> None:
    first = world.get("/organisations?limit=1").json["items"][0]
    by_slug = world.get(f"/organisations/{first['slug']}")
    assert by_slug.json["id"] == first["id"]
    own = f"/organisations/{world.organisations['alpha']}"
    assert world.get(own).json["contact"] == ""
    assert world.get(own, "beta").json["contact"] == ""
    assert world.get(own, "alpha").json["contact"] == "027-1234"
    problem(world.get("/organisations/nobody"), 404, "not_found")


def test_a_technique_in_the_filter_stands_for_everything_narrower(world: World) -> None:
    broad = world.get("/capabilities?technique=lithography&limit=200").json
    narrow = world.get("/capabilities?technique=lithography.ebl&limit=200").json
    assert 0 < narrow["total"] < broad["total"]
    inside = {item["id"] for item in broad["items"]}
    assert {item["id"] for item in narrow["items"]} <= inside
    refused = world.get("/capabilities?technique=lithography.none&region=atlantis")
    assert problem(refused, 422, "invalid_input")["errors"][0]["field"] == "technique"
    assert problem(world.get("/capabilities?region=atlantis"), 422, "invalid_input")


def test_filters_combine_and_an_unknown_one_is_an_error(world: World) -> None:
    china = world.get("/capabilities?region=china").json["total"]
    process = world.get("/capabilities?region=china&category=process").json["total"]
    two = world.get("/capabilities?region=china&category=process&category=test").json["total"]
    wafer = world.get("/capabilities?wafer=200&limit=200").json
    assert 0 < process < two < china
    assert wafer["total"]
    assert all(200 in c["values"]["wafer-diameter"]["choices"] for c in wafer["items"])
    document = problem(world.get("/capabilities?categroy=process"), 422, "invalid_input")
    assert [e["field"] for e in document["errors"]] == ["categroy"]
    document = problem(world.get("/capabilities?limit=1&limit=2"), 422, "invalid_input")
    assert [e["field"] for e in document["errors"]] == ["limit"]


def test_the_pages_of_a_list_are_the_whole_list_once(world: World) -> None:
    path, seen, pages = "/capabilities?limit=100&region=china", [], 0
    total = world.get(path).json["total"]
    while path:
        page = world.get(path).json
        assert page["total"] == total
        seen += [item["id"] for item in page["items"]]
        path, pages = (page["next"] or "").removeprefix("/api/v1"), pages + 1
    assert len(seen) == len(set(seen)) == total
    assert pages == -(-total // 100)


def test_a_cursor_belongs_to_its_list_filter_and_size(world: World) -> None:
    following = world.get("/capabilities?limit=10&category=process").json["next"]
    cursor = following.rpartition("cursor=")[2]
    good = f"/capabilities?category=process&limit=10&cursor={cursor}"
    assert world.get(good).status_code == 200
    made_up = base64.urlsafe_b64encode(json.dumps([3, "0" * 20]).encode()).decode().rstrip("=")
    for path in (
        f"/capabilities?limit=10&category=test&cursor={cursor}",
        f"/capabilities?limit=11&category=process&cursor={cursor}",
        f"/organisations?limit=10&cursor={cursor}",
        f"/capabilities?limit=10&category=process&cursor={made_up}",
        "/capabilities?cursor=W10",
        "/capabilities?cursor=bnVsbA",
        "/capabilities?cursor=%F0%9F%98%80",
    ):
        document = problem(world.get(path), 422, "invalid_input")
        assert [e["field"] for e in document["errors"]] == ["cursor"]


def test_what_has_not_changed_is_not_sent_again(world: World) -> None:
    first = world.get("/vocabulary/techniques/lithography.ebl")
    tag = first.headers["ETag"]
    again = world.get("/vocabulary/techniques/lithography.ebl", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    other = world.get("/vocabulary/techniques/lithography", headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_the_vocabulary_is_whole_and_labelled_in_both_languages(world: World) -> None:
    whole = world.get("/vocabulary").json
    for kind in ("techniques", "materials", "parameters", "chains"):
        listed = world.get(f"/vocabulary/{kind}?limit=200").json
        assert listed["total"] == whole[kind]
        one = listed["items"][0]
        assert one["label"]["zh"]
        assert one["label"]["en"]
        assert world.get(f"/vocabulary/{kind}/{one['id']}").json == one
        problem(world.get(f"/vocabulary/{kind}/no-such-term"), 404, "not_found")
    found = world.get("/vocabulary/techniques?q=EBL").json["items"]
    assert "lithography.ebl" in [t["id"] for t in found]


def test_regions_and_runs_can_be_narrowed(world: World) -> None:
    inside = world.get("/regions?within=hubei&limit=200").json["items"]
    assert {"hubei", "wuhan"} <= {r["code"] for r in inside}
    assert all(r["code"] == "hubei" or "hubei" in r["above"] for r in inside)
    assert world.get("/regions/wuhan").json["above"] == ["china", "hubei"]
    problem(world.get("/regions/atlantis"), 404, "not_found")
    every = world.get("/runs").json["total"]
    upcoming = world.get("/runs?upcoming=true").json
    assert 0 < upcoming["total"] < every == 23
    assert not any(r["historical"] for r in upcoming["items"])


def test_the_network_shows_public_ties(world: World) -> None:
    whole = world.get("/network").json
    assert whole["counts"]["nodes"] == len(whole["nodes"]) > 200
    some = world.get("/network?region=hubei&kind=firm").json
    assert 0 < some["counts"]["nodes"] < whole["counts"]["nodes"]
    assert {n["kind"] for n in some["nodes"]} == {"firm"}
    problem(world.get("/network?kind=spaceship"), 422, "invalid_input")


# ── capabilities ─────────────────────────────────────────────────────────────


def test_the_life_of_a_capability(world: World) -> None:
    alpha = world.organisations["alpha"]
    made = world.post("/capabilities", "alpha", CAPABILITY | {"organisation": alpha})
    assert made.status_code == 201
    path = made.headers["Location"].removeprefix("/api/v1")
    assert made.json["evidence"] == "declared"
    assert world.get(path).json["code"] is None
    changed = CAPABILITY | {"name_zh": "电子束直写二号", "version": made.json["version"]}
    problem(world.put(path, "beta", changed), 403, "not_allowed")
    problem(world.put(path, "", changed), 401, "sign_in_first")
    done = world.put(path, "alpha", changed)
    assert (done.status_code, done.json["name"]["zh"]) == (200, "电子束直写二号")
    problem(world.put(path, "alpha", changed), 409, "stale")
    held = done.headers["ETag"]
    sure = world.ask("POST", path + "/confirm", "alpha", headers={"If-Match": held})
    assert sure.status_code == 200
    late = world.ask("POST", path + "/retire", "alpha", headers={"If-Match": held})
    problem(late, 412, "stale")
    problem(world.post(path + "/retire", "beta"), 403, "not_allowed")
    assert world.post(path + "/retire", "alpha").json["retired_at"]
    problem(world.get(path), 404, "not_found")
    problem(world.post(path + "/restore", "beta"), 404, "not_found")
    assert world.post(path + "/restore", "alpha").json["retired_at"] is None
    assert world.get(path).status_code == 200


def test_a_change_must_say_what_it_is_based_on(world: World) -> None:
    alpha = world.organisations["alpha"]
    made = world.post("/capabilities", "alpha", CAPABILITY | {"organisation": alpha}).json
    document = problem(world.put(f"/capabilities/{made['id']}", "alpha", CAPABILITY), 422,
                       "invalid_input")  # fmt: skip
    assert [e["field"] for e in document["errors"]] == ["version"]
    anyway = world.put(
        f"/capabilities/{made['id']}", "alpha", CAPABILITY, headers={"If-Match": "*"}
    )
    assert anyway.status_code == 200
    garbled = world.put(f"/capabilities/{made['id']}", "alpha", CAPABILITY,
                        headers={"If-Match": "v1"})  # fmt: skip
    problem(garbled, 412, "stale")


def test_every_fault_of_a_capability_is_named_and_nothing_is_kept(world: World) -> None:
    alpha = world.organisations["alpha"]
    wrong = {
        "organisation": alpha, "category": "magic", "name_zh": "x", "techniques": [],
        "lead_weeks_min": -1, "price_minor": 1.5, "surprise": True,
    }  # fmt: skip
    document = problem(world.post("/capabilities", "alpha", wrong), 422, "invalid_input")
    assert {e["field"] for e in document["errors"]} == {
        "category", "name_zh", "techniques", "lead_weeks_min", "price_minor", "surprise",
    }  # fmt: skip
    unknown = CAPABILITY | {"organisation": alpha, "techniques": ["lithography.none"],
                            "values": {"min-feature": {"low": 9, "high": 1}}}  # fmt: skip
    document = problem(world.post("/capabilities", "alpha", unknown), 422, "invalid_input")
    assert {e["field"] for e in document["errors"]} == {"techniques", "values.min-feature"}
    assert world.get(f"/capabilities?organisation={alpha}", "alpha").json["total"] == 0


def test_a_page_is_changed_by_its_own_people_only(world: World) -> None:
    path = f"/organisations/{world.organisations['alpha']}"
    body = {"name_zh": "阿尔法", "website": "https://example.org/", "version": 1}
    problem(world.put(path, "beta", body), 403, "not_allowed")
    done = world.put(path, "alpha", body)
    assert done.json["name"]["zh"] == "阿尔法"
    problem(world.put(path, "alpha", body), 409, "stale")
    script = body | {"website": "javascript:alert(1)", "version": done.json["version"]}
    problem(world.put(path, "alpha", script), 422, "invalid_input")


# ── answers ──────────────────────────────────────────────────────────────────


def test_ranges_and_open_prices_are_understood_and_answered(world: World) -> None:
    for text, part, wanted in (
        ("减薄，10-20片", "quantity", [10, 20]),
        ("减薄，预算10-20万", "budget", [100000, 200000]),
        ("减薄，预算面议", "budget", None),
        ("减薄，TRL 4-6", "trl", [4, 6]),
        ("减薄，2至3个月内", "deadline", 3),
    ):
        found = world.post("/extractions", "beta", {"text": text})
        assert found.status_code == 200, found.text
        assert found.json[part]["value"] == wanted
        assert world.post("/matches", "beta", {"text": text}).status_code == 200
        structure = {k: v for k, v in found.json.items() if k not in ("questions",)}
        again = world.post("/matches", "beta", {"structure": structure})
        assert again.status_code == 200, again.text
    vague = world.post("/extractions", "beta", {"text": "需要键合，长度3nm"}).json
    pieces = {piece["reason"]: piece for piece in vague["not_understood"]}
    assert "bonding" in pieces["ambiguous"]["candidates"]
    assert pieces["no-parameter"]["text"].endswith("3nm")
    assert {q["code"] for q in vague["questions"]} == {"ambiguous-term"}


def test_a_text_is_understood_in_the_documented_shape(world: World) -> None:
    found = world.post("/extractions", "beta", {"text": TEXT, "posted": "2026-11-24"}).json
    assert {
        "techniques", "techniques_any_of", "optional_techniques", "excluded_techniques",
        "materials", "excluded_materials", "parameters", "quantity", "deadline", "budget", "trl",
        "region", "confidentiality", "chain", "not_understood", "questions",
    } <= set(found)  # fmt: skip
    assert "lithography.ebl" in [t["id"] for t in found["techniques"]]
    start, end = next(t["span"] for t in found["techniques"] if t["id"] == "lithography.ebl")
    assert "电子束" in TEXT[start:end]
    problem(world.post("/extractions", json={"text": TEXT}), 401, "sign_in_first")


def test_a_text_and_its_structure_get_the_same_answer(world: World) -> None:
    posted = "2026-11-24"
    by_text = world.post("/matches", "beta", {"text": TEXT, "posted": posted}).json
    structure = world.post("/extractions", "beta", {"text": TEXT, "posted": posted}).json
    by_structure = world.post("/matches", "beta", {"structure": structure, "posted": posted})
    assert by_structure.status_code == 200, by_structure.text
    assert by_structure.json["steps"] == by_text["steps"]
    candidates = [c for s in by_text["steps"] for c in s["candidates"]]
    assert candidates
    assert all(c["class"] in ("meets", "unknown") for c in candidates)
    assert all(k["reason"]["zh"] and k["reason"]["en"] for c in candidates for k in c["criteria"])
    for body in ({}, {"text": TEXT, "structure": structure}):
        problem(world.post("/matches", "beta", body), 422, "invalid_input")


def test_the_spellings_of_one_technique_find_the_same_capabilities(
    world: World, app: Flask
) -> None:
    app.extensions["collab"].search.ensure()
    found = []
    for words in ("电子束光刻", "EBL", "e-beam lithography", "電子束光刻"):
        hits = world.get("/search", query_string={"q": words, "kind": "capability"}).json
        assert hits["degraded"] is False
        found.append({h["id"] for h in hits["items"] if "lithography.ebl" in h["techniques"]})
    assert found[0]
    assert found.count(found[0]) == 4


# ── the document and its page ────────────────────────────────────────────────


def test_the_page_works_without_leaving_the_machine(client: FlaskClient) -> None:
    page = client.get("/api/docs?lang=en")
    assert page.status_code == 200
    assert "/api/v1/capabilities/{key}" in page.text
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert address.startswith(("/", "#")), address
    assert client.get("/api/v1/docs").status_code == 308


def test_the_document_speaks_both_languages_and_names_every_operation_once(
    client: FlaskClient, app: Flask
) -> None:
    zh = client.get("/api/v1/openapi.json").json
    en = client.get("/api/v1/openapi.json", headers={"Accept-Language": "en"}).json
    assert zh["openapi"].startswith("3.1")
    names = [o["operationId"] for p in zh["paths"].values() for o in p.values()]
    assert len(names) == len(set(names)) > 35
    assert zh["paths"]["/v1/needs"]["get"]["summary"] == "列出需求"
    assert en["paths"]["/v1/needs"]["get"]["summary"] == "List needs"
    served = {
        str(rule).removeprefix("/api").replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules() if str(rule).startswith("/api/v1/")
    }  # fmt: skip
    assert served - set(zh["paths"]) == {"/v1/openapi.json", "/v1/docs"}


def test_every_reference_in_the_document_leads_somewhere(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    used = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    assert used <= known


def test_a_wrong_method_says_which_ones_there_are(world: World) -> None:
    answer = world.ask("PATCH", "/needs/need-x", "alpha")
    problem(answer, 405, "method")
    assert {"GET", "PUT"} <= set(answer.headers["Allow"].replace(" ", "").split(","))


def test_every_operation_refuses_nobody_and_a_wrong_token_as_it_declares(
    client: FlaskClient,
) -> None:
    document = client.get("/api/v1/openapi.json").json
    wrong = {"Authorization": "Bearer oe_wrong"}
    for path, methods in document["paths"].items():
        address = "/api" + re.sub(r"\{\w+\}", "nothing", path)
        for method, operation in methods.items():
            name = operation["operationId"]
            refused = client.open(address, method=method.upper(), json={}, headers=wrong)
            problem(refused, 401, "bad_token")
            answer = client.open(address, method=method.upper(), json={})
            assert (answer.status_code == 401) is ({} not in operation["security"]), name
            assert str(answer.status_code) in operation["responses"], name
