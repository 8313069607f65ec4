"""Commands about data, and the shapes that other programs rely on."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import click
import yaml
from flask import current_app

from collab.facilities import store as facilities
from collab.kernel import origin
from collab.kernel.identity import SYSTEM
from collab.members import store as members
from collab.needs.evaluation import evaluate
from collab.platform import Platform
from collab.search.service import Found
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

EXAMPLES = Path(__file__).resolve().parents[1] / "tests" / "data" / "extraction_examples.yaml"


def platform() -> Platform:
    """The platform of this process; what it does from now on was done by a command."""
    origin.say("command")
    found: Platform = current_app.extensions["collab"]
    return found


def with_slugs(uow: UnitOfWork, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as programs get it: slugs of the shipped dataset beside the public ids."""
    capabilities, organisations = set(), set()
    for part in _named(answer):
        capabilities.add(part["capability"])
        organisations.add(part["organisation"])
    slugs = facilities.slugs(uow, capabilities) | members.slugs(uow, organisations)
    found = json.loads(json.dumps(answer, ensure_ascii=False))
    for step in found["steps"]:  # pages keep them apart; here `class` tells which do not fit
        step["candidates"] += step.pop("near", [])
    for part in _named(found):
        part["capability_slug"] = slugs.get(part["capability"])
        part["organisation_slug"] = slugs.get(part["organisation"])
    return dict(found)


def _named(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside that names a capability and an organisation."""
    if isinstance(value, Mapping):
        if isinstance(value.get("capability"), str) and isinstance(value.get("organisation"), str):
            yield dict(value) if not isinstance(value, dict) else value
        for inner in value.values():
            yield from _named(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _named(inner)


def hits(uow: UnitOfWork, found: Found) -> list[dict[str, Any]]:
    """Hits in the documented shape."""
    keys = {h.document.organisation for h in found.hits} | {h.key for h in found.hits}
    slugs = members.slugs(uow, keys) | facilities.slugs(uow, keys)
    return [
        {
            "kind": h.document.kind,
            "id": h.key,
            "slug": slugs.get(h.key),
            "title": h.document.title_zh or h.document.title_en,
            "organisation": slugs.get(h.document.organisation) or h.document.organisation,
            "techniques": list(h.document.techniques),
            "materials": list(h.document.materials),
            "score": round(h.score, 6),
        }
        for h in found.hits
    ]


VERDICTS = {
    "zh": {"meets": "满足", "unknown": "待确认", "near": "接近", "misses": "不满足"},
    "en": {"meets": "meets", "unknown": "unknown", "near": "near", "misses": "misses"},
}
HEADS = {
    "zh": ("没有候选", "缺口：", "这样就能满足：", "最小的调整："),
    "en": ("no candidate", "Gap:", "fits if:", "Smallest changes:"),
}


def print_answer(answer: Mapping[str, Any], language: str) -> None:
    """The answer for people, in one language."""
    for step in answer["steps"]:
        click.echo(f"\n{step['label'][language]}  ({step['technique']})")
        for one in step["candidates"]:
            _print_candidate(one, language)
        if not step["candidates"]:
            click.echo(f"  {HEADS[language][0]}")
    _print_routes(answer["routes"], language)
    _print_missing(answer, language)


def _print_candidate(one: Mapping[str, Any], language: str) -> None:
    words = VERDICTS[language]
    name = one["organisation_name"][language] or one["organisation_name"]["zh"]
    what = one["capability_name"][language] or one["capability_name"]["zh"]
    click.echo(f"  {words[one['class']]:<8} {one['score']:6.2f}  {name} · {what}")
    for criterion in one["criteria"]:
        click.echo(f"      {words[criterion['verdict']]:<8} {criterion['reason'][language]}")
    for change in one["would_fit_if"]:
        click.echo(f"      {HEADS[language][2]} {change[language]}")


def _print_routes(routes: Sequence[Mapping[str, Any]], language: str) -> None:
    """Every different route once, with all it is best at."""
    best: dict[tuple[Any, ...], tuple[Mapping[str, Any], list[str]]] = {}
    for route in routes:
        key = tuple((leg["step"], leg["capability"]) for leg in route["legs"])
        _, labels = best.setdefault(key, (route, []))
        if route["rank"] == 1:
            labels.append(route["label"][language])
    comma = "、" if language == "zh" else ", "
    for route, labels in best.values():
        names = (leg["organisation_name"] for leg in route["legs"])
        legs = " → ".join(str(name[language] or name["zh"]) for name in names)
        click.echo(f"\n{comma.join(labels) or '–'}: {legs}\n    {route['summary'][language]}")


def _print_missing(answer: Mapping[str, Any], language: str) -> None:
    for gap in answer["gaps"]:
        click.echo(f"\n{HEADS[language][1]} {gap['reason'][language]}")
        for change in gap["relaxations"]:
            click.echo(f"    {change[language]}")
    if answer["openings"]:
        click.echo(f"\n{HEADS[language][3]}")
    for said in answer["openings"]:
        click.echo(f"    {said[language]}")
    for said in answer["notes"]:
        click.echo(f"\n{said[language]}")


def vocabulary_problems(words: Vocabulary) -> list[str]:
    """What the loader cannot see: categories, units and rules that name unknown things."""
    found = [
        f"technique {t.id} has the unknown category {t.category}"
        for t in words.techniques.values()
        if t.category not in words.categories
    ]
    for rule in words.rules:
        for technique in (*rule.from_techniques, *rule.to_techniques, *rule.remedies):
            known = technique in words.techniques or any(
                t.startswith(technique + ".") for t in words.techniques
            )
            if not known:
                found.append(f"rule {rule.id} names the unknown technique {technique}")
    for chain in words.chains.values():
        keys = {s.key for s in chain.steps}
        found += [
            f"chain {chain.id}/{s.key} follows the unknown step {a}"
            for s in chain.steps
            for a in s.after
            if a not in keys
        ]
    return found


@click.command("synthesize")
@click.option("--set", "size", type=click.Choice(["design", "stress"]), default="design")
@click.option("--database", help="Where to make it; a database URL.")
@click.option("--seed", default=20260101, show_default=True)
def synthesize_command(size: str, database: str | None, seed: int) -> None:
    """Make a sized data set reproducibly, for measurements."""
    from collab.importing import synthesis

    url = database or platform().settings.database
    report = synthesis.synthesize(url, size, seed)
    click.echo(json.dumps(report))


@click.command("import")
@click.argument("kind", type=click.Choice(["organisations", "capabilities", "equipment",
                                           "runs", "needs"]))  # fmt: skip
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--organisation", default="", help="Whose list it is.")
@click.option("--dry-run", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
def import_command(kind: str, file: Path, organisation: str, dry_run: bool, as_json: bool) -> None:
    """Bring a list in; status 2 when rows are refused and nothing was changed."""
    from collab.importing import service

    found = platform()
    report = service.import_file(found.database, SYSTEM, kind, file.read_bytes(), file.name,
                                 organisation=organisation, dry_run=dry_run)  # fmt: skip
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        for line in report["lines"]:
            click.echo(line, err=True)
    if report.get("refused") and not dry_run:
        sys.exit(2)


@click.command("export")
@click.argument("kind", type=click.Choice(["organisations", "capabilities", "equipment",
                                           "runs", "needs"]))  # fmt: skip
@click.option("--format", "form", type=click.Choice(["csv", "xlsx", "json"]), default="json")
@click.option("--out", type=click.Path(path_type=Path))
def export_command(kind: str, form: str, out: Path | None) -> None:
    """Take a list out, as everything the platform holds."""
    from collab.importing import exports

    with platform().database.reading() as uow:
        content = exports.export(uow, SYSTEM, kind, cast("exports.Format", form))
    if out is None:
        sys.stdout.buffer.write(content)
    else:
        out.write_bytes(content)


@click.command("evaluate-extraction")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
                default=EXAMPLES)  # fmt: skip
@click.option("--json", "as_json", is_flag=True)
@click.option(
    "--totals", is_flag=True, help="Only the figures: misses of unseen needs stay unseen."
)
def evaluate_extraction_command(file: Path, as_json: bool, totals: bool) -> None:
    """Precision, recall and F1 of the reader on annotated needs, with every miss."""
    try:
        loaded = yaml.load(file.read_text("utf-8-sig"), Loader=yaml.SafeLoader)
        report = evaluate(loaded["examples"], platform().vocabulary)
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        click.echo(f"{file}: not a list of annotated needs ({error})".replace("\n", " "), err=True)
        sys.exit(2)
    if as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    else:
        click.echo("\n".join(report.totals() if totals else report.lines()))


COMMANDS = (synthesize_command, import_command, export_command, evaluate_extraction_command)
