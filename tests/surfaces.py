"""Everything that a reader can open, found by itself: whoever adds a page adds it here too."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence

from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.site import Site

# what differs from one answer to the next without telling anything
PASSING = (
    re.compile(r"[\w-]{20,}\.[\w-]{6}\.[\w-]{20,}"),  # a form's token holds the time
    re.compile(r"\b\d+([.,]\d+)? ?(ms|毫秒)"),  # how long it took
    re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(\+00:00|Z)?"),
)
# a word of the canary's kind for each place where one can be typed
WORDS = ("电子束光刻", "Zorbl*", "鹮", "zorbleinvitde", "8英寸SOI")
QUERIES = (
    "/needs?q={word}", "/needs?size=200&q={word}", "/search?q={word}", "/search?q={word}&kind=need",
    "/search?q={word}&exact=1&expand=0", "/search/suggest?q={word}",
    "/search/export.csv?q={word}", "/capabilities?q={word}", "/organisations?q={word}",
    "/api/v1/search?q={word}", "/api/v1/needs?q={word}",
)  # fmt: skip
VIEWS = (
    "/needs?state=published", "/needs?state=in_talks", "/needs?chain=tfln-modulator",
    "/needs?page=2",
    "/search?kind=need&sort=fresh", "/search?technique=lithography.ebl", "/search?region=jilin",
    "/network?view=organisations", "/network/data?view=organisations",
    "/network?technique=lithography.ebl", "/coordinator?technique=lithography.ebl&region=jilin",
    "/audit?kind=need", "/audit?action=drafted", "/audit?kind=interest", "/api/v1/needs?limit=100",
    "/api/v1/search?kind=need", "/search/export.xlsx?kind=need",
)  # fmt: skip
OWN_SECRETS = ("/account/second-factor",)  # a new secret at every visit
VARIABLES: dict[str, tuple[str, ...]] = {
    "kind": ("needs", "organisations", "capabilities"), "format": ("csv", "json", "xlsx"),
    "form": ("json", "graphml", "svg"), "name": ("privacy", "search"), "code": ("jilin",),
    "term": ("lithography.ebl", "soi"),
    "wanted": ("csv", "xlsx"),
}  # fmt: skip


def rules(site: Site, method: str = "GET") -> Iterator[Rule]:
    """Every rule of the application with this method, files of the site left out."""
    for rule in site.app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.endpoint != "static":
            yield rule


def filled(rule: Rule, key: str) -> Iterator[str]:
    """The addresses of a rule; `key` stands for the thing it is about."""
    places = re.findall(r"<(?:[^<>:]+(?:\([^)]*\))?:)?(\w+)>", rule.rule)
    paths = [rule.rule]
    for place in places:
        values = VARIABLES.get(place, (key,))
        paths = [
            re.sub(rf"<(?:[^<>:]+(?:\([^)]*\))?:)?{place}>", value, path, count=1)
            for path in paths for value in values
        ]  # fmt: skip
    yield from paths


def addresses(site: Site, words: Sequence[str] = WORDS) -> Iterator[str]:
    """Every address to read: all rules, the houses as things, and what can be asked of them."""
    for rule in rules(site):
        if "<" not in rule.rule:
            yield rule.rule
            continue
        for house in site.organisations.values() if "organisations" in rule.rule else ("x-0",):
            yield from filled(rule, house)
    yield from VIEWS
    for path in QUERIES:
        yield from (path.format(word=word) for word in words)


def plain(answer: TestResponse) -> str:
    """What an answer says, packed formats unpacked, without what passes."""
    data = answer.get_data()
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            data = b"\n".join(
                packed.read(n) for n in sorted(packed.namelist()) if "docProps" not in n
            )
    text = data.decode("utf-8", "replace")
    for passing in PASSING:
        text = passing.sub("…", text)
    return text


def said(
    site: Site, who: str, *, language: str = "zh", words: Sequence[str] = WORDS
) -> dict[str, str]:
    """What everything says to somebody: status, type and words, by address."""
    found = {}
    for path in addresses(site, words):
        if path in OWN_SECRETS:
            continue
        joint = "&" if "?" in path else "?"
        asked = path if path.startswith("/api/v1") else f"{path}{joint}lang={language}"
        answer = site.get(asked, who)
        assert answer.status_code < 500, (who, path)
        found[path] = f"{answer.status_code} {answer.content_type}\n{plain(answer)}"
    return found
