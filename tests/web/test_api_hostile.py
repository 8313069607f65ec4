"""Input that no honest program sends: a clear refusal in the asker's language, never kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.api_world import CAPABILITY, TEXT, World

NEED = {"text": TEXT}
BODIES: dict[str, tuple[bytes, str, int]] = {
    "nothing": (b"", "application/json", 400),
    "blanks": (b"   \n", "application/json", 400),
    "broken": (b'{"text": "a"', "application/json", 400),
    "trailing": (b'{"text": "a"} x', "application/json", 400),
    "binary": (bytes(range(256)), "application/json", 400),
    "latin-1": ('{"text": "é"}'.encode("latin-1"), "application/json", 400),
    "utf-16": ('{"text": "a"}'.encode("utf-16"), "application/json", 400),
    "not a number": (b'{"text": NaN}', "application/json", 400),
    "infinity": (b'{"text": "a", "x": -Infinity}', "application/json", 400),
    "too large for a float": (b'{"text": "a", "x": 1e999}', "application/json", 400),
    "a number of 5000 digits": (b'{"x": ' + b"9" * 5000 + b"}", "application/json", 400),
    "very deep": (b"[" * 100_000 + b"]" * 100_000, "application/json", 400),
    "deep": (b'{"text": "a", "x": ' + b"[" * 400 + b"]" * 400 + b"}", "application/json", 400),
    "half a surrogate": (b'{"text": "a\\ud800b"}', "application/json", 422),
    "half a surrogate as name": (b'{"text": "a", "\\udfff": 1}', "application/json", 422),
    "NUL": (b'{"text": "a\\u0000b"}', "application/json", 422),
    "raw NUL": (b'{"text": "a\x00b"}', "application/json", 400),
    "null": (b"null", "application/json", 422),
    "a list": (b"[]", "application/json", 422),
    "a number": (b"1", "application/json", 422),
    "JSON in a string": (json.dumps(json.dumps(NEED)).encode(), "application/json", 422),
    "text is a number": (b'{"text": 5}', "application/json", 422),
    "text is a list": (b'{"text": ["a"]}', "application/json", 422),
    "text is empty": (b'{"text": ""}', "application/json", 422),
    "text is blank": ('{"text": " \\n\u3000"}'.encode(), "application/json", 422),
    "text too long": (json.dumps({"text": "长" * 20_001}).encode(), "application/json", 422),
    "one megabyte": (json.dumps({"text": "a" * 2**20}).encode(), "application/json", 422),
    "three megabytes": (json.dumps({"text": "a" * 3 * 2**20}).encode(), "application/json", 413),
    "a wrong date": (b'{"text": "a", "posted": "2026-02-30"}', "application/json", 422),
    "a date as number": (b'{"text": "a", "posted": 0}', "application/json", 422),
    "plain text": (b'{"text": "a"}', "text/plain", 415),
    "a form": (b"text=a", "application/x-www-form-urlencoded", 415),
    "no type": (b'{"text": "a"}', "", 415),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("path", ["/needs", "/extractions", "/matches"])
def test_a_hostile_body_is_refused_and_nothing_is_kept(world: World, path: str, name: str) -> None:
    content, kind, status = BODIES[name]
    for language in ("zh", "en"):
        headers = {"Accept-Language": language}
        answer = world.ask("POST", path, "alpha", data=content, content_type=kind or None,
                           headers=headers)  # fmt: skip
        assert answer.status_code == status, answer.text
        assert answer.content_type == "application/problem+json"
        words = answer.json["detail"] + "".join(e["message"] for e in answer.json["errors"])
        assert any("\u4e00" <= c <= "\u9fff" for c in words) is (language == "zh"), words
        assert status != 422 or answer.json["errors"]
    assert world.get("/needs?mine=true", "alpha").json["total"] == 0


WORDS = [
    "😀🧪", "../../etc/passwd", "..\\..\\windows", "{{ 7*7 }}", "{% for x in y %}", "${7*7}",
    "<script>alert(1)</script>", "' OR 1=1 --", "%s%n", "\u202egnp.exe", "a\u0300\u0301" * 50,
    "需求\u2028换行", "=cmd|' /C calc'!A0",
]  # fmt: skip


@pytest.mark.parametrize("words", WORDS)
def test_strange_words_are_kept_as_they_are_and_run_nowhere(world: World, words: str) -> None:
    made = world.post("/needs", "alpha", {"text": words, "title": "题"})
    assert made.status_code == 201, made.text
    again = world.get(f"/needs/{made.json['id']}", "alpha")
    assert again.json["text"] == words
    assert again.content_type == "application/json"
    assert again.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/needs", "/organisations", "/capabilities", "/vocabulary/techniques", "/search"):
        found = world.get(path, "beta", query_string={"q": words[:200]})
        control = any(ord(c) < 32 for c in words)
        assert found.status_code == (422 if control else 200), found.text


KEYS = [
    "%00", "a%00b", "%ED%A0%80", "%FF", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "{{7*7}}", "😀", "'",
    "9" * 30, "x" * 5000, "-1", "%25s", "a b", "<x>", "need-0000000000", "None",
]  # fmt: skip
PATHS = [
    "/needs/{}", "/needs/{}/matches", "/organisations/{}", "/capabilities/{}", "/regions/{}",
    "/vocabulary/techniques/{}", "/vocabulary/materials/{}", "/vocabulary/parameters/{}",
    "/vocabulary/chains/{}",
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_a_hostile_key_is_simply_not_found(world: World, key: str) -> None:
    for path in PATHS:
        answer = world.get(path.format(key), "alpha")
        assert answer.status_code == 404, (path, answer.status_code)
        assert answer.json["type"] == "urn:oe-collab:problem:not_found"
    for method, path in (("PUT", "/capabilities/{}"), ("POST", "/capabilities/{}/retire"),
                         ("DELETE", "/tokens/{}"), ("POST", "/needs/{}/withdraw")):  # fmt: skip
        body: Any = CAPABILITY | {"version": 1} if method == "PUT" else {}
        answer = world.ask(method, path.format(key), "alpha", json=body)
        assert answer.status_code in (404, 405), (path, answer.status_code)


QUERIES = [
    "limit=0", "limit=-1", "limit=201", "limit=1e3", "limit=99999999999999999999", "limit=",
    "limit=%00", "limit=５", "cursor=%00", "cursor=AAAA", "cursor=" + "A" * 201, "q=%00",
    "q=" + "a" * 201, "limit=1&limit=2", "nothing=1", "lang=zh&x=1", "q=a%0Ab",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_a_hostile_query_is_refused_field_by_field(world: World, query: str) -> None:
    for path in ("/needs", "/organisations", "/capabilities", "/search", "/vocabulary/materials"):
        answer = world.get(f"{path}?{query}", "alpha")
        assert answer.status_code == 422, (path, answer.text)
        assert answer.json["errors"]
    assert world.get(f"/me?{query}", "alpha").status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Language": "en;q=abc,,,;;=,zh-\u00ff"},
        {"Accept-Language": "x" * 5000},
        {"Accept": "text/html"},
        {"If-None-Match": '"' * 50},
        {"Cookie": "oe_session=" + "%" * 300},
        {"Cookie": 'oe_session="\\377\\000"'},
        {"X-Forwarded-For": "'; --"},
    ],
)
def test_hostile_headers_do_not_break_a_read(world: World, headers: dict[str, str]) -> None:
    assert world.get("/needs", headers=headers).status_code == 200
    assert world.get("/needs/nothing", headers=headers).status_code == 404


STRUCTURES: dict[str, dict[str, Any]] = {
    "an unknown technique": {"techniques": [{"id": "no-such"}]},
    "an unknown material": {"materials": [{"id": "unobtainium"}]},
    "an unknown parameter": {"parameters": [{"id": "no-such", "op": "le", "value": 1}]},
    "an unknown chain": {"chain": "no-such"},
    "an unknown operator": {"parameters": [{"id": "min-feature", "op": "nearly", "value": 1}]},
    "a value out of this world": {"parameters": [{"id": "min-feature", "op": "le", "value": 1e31}]},
    "a list too long": {"techniques": [{"id": "etching"}] * 41},
    "an id with a path": {"techniques": [{"id": "../etching"}]},
    "a span beyond the text": {"not_understood": [{"span": [0, 10**9], "text": "x"}]},
    "a flag as text": {"techniques": [{"id": "etching", "hard": "yes"}]},
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_structure_that_cannot_be_is_refused_whole(world: World, name: str) -> None:
    made = world.post("/needs", "alpha", NEED).json
    body = {"structure": STRUCTURES[name], "version": made["version"]}
    answer = world.put(f"/needs/{made['id']}/structure", "alpha", body)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"]
    kept = world.get(f"/needs/{made['id']}", "alpha").json
    assert (kept["structure"], kept["version"]) == (made["structure"], made["version"])
