"""The vocabulary: techniques, materials, parameters and process chains with both labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from collab.kernel.errors import NotFound, Rejected
from collab.kernel.problems import Problem
from collab.vocabulary.catalog import Chain, Material, Parameter, Technique, Term
from collab.web.api import paging, shapes
from collab.web.api.filters import TermQuery
from collab.web.api.serving import api
from collab.web.api.shapes import Label
from collab.web.session import vocabulary

TAG = "vocabulary"
T = TypeVar("T", bound=Term)


@api.get("/vocabulary", summary=("词表概况", "The vocabulary in force"), tag=TAG, public=True,
         answer=shapes.VocabularyOut)  # fmt: skip
def show_vocabulary() -> shapes.VocabularyOut:
    """Version, sizes and categories."""
    words = vocabulary()
    return shapes.VocabularyOut(
        version=words.version, techniques=len(words.techniques), materials=len(words.materials),
        parameters=len(words.parameters), chains=len(words.chains),
        categories=[
            shapes.CategoryOut(id=key, label=Label(zh=c["zh"], en=c["en"]))
            for key, c in words.categories.items()
        ],
    )  # fmt: skip


@api.get("/vocabulary/techniques", summary=("列出技术", "List techniques"), tag=TAG, public=True,
         query=TermQuery, answer=shapes.Techniques)  # fmt: skip
def list_techniques(query: TermQuery) -> shapes.Techniques:
    """Techniques in the order of the vocabulary."""
    page = paging.slice_of(_found(vocabulary().techniques, query), query)
    items = [_technique(t) for t in page.items]
    return shapes.Techniques(items=items, total=page.total, next=paging.next_of(page))


@api.get("/vocabulary/techniques/<term>", summary=("查看一项技术", "One technique"), tag=TAG,
         public=True, answer=shapes.TechniqueOut)  # fmt: skip
def show_technique(term: str) -> shapes.TechniqueOut:
    """A technique by its id."""
    return _technique(_one(vocabulary().techniques, term))


@api.get("/vocabulary/materials", summary=("列出材料", "List materials"), tag=TAG, public=True,
         query=TermQuery, answer=shapes.Materials)  # fmt: skip
def list_materials(query: TermQuery) -> shapes.Materials:
    """Material platforms."""
    page = paging.slice_of(_found(vocabulary().materials, query), query)
    items = [_material(m) for m in page.items]
    return shapes.Materials(items=items, total=page.total, next=paging.next_of(page))


@api.get("/vocabulary/materials/<term>", summary=("查看一种材料", "One material"), tag=TAG,
         public=True, answer=shapes.MaterialOut)  # fmt: skip
def show_material(term: str) -> shapes.MaterialOut:
    """A material by its id."""
    return _material(_one(vocabulary().materials, term))


@api.get("/vocabulary/parameters", summary=("列出参数", "List parameters"), tag=TAG, public=True,
         query=TermQuery, answer=shapes.Parameters)  # fmt: skip
def list_parameters(query: TermQuery) -> shapes.Parameters:
    """Quantities and categories that needs ask for."""
    page = paging.slice_of(_found(vocabulary().parameters, query), query)
    items = [_parameter(p) for p in page.items]
    return shapes.Parameters(items=items, total=page.total, next=paging.next_of(page))


@api.get("/vocabulary/parameters/<term>", summary=("查看一个参数", "One parameter"), tag=TAG,
         public=True, answer=shapes.ParameterOut)  # fmt: skip
def show_parameter(term: str) -> shapes.ParameterOut:
    """A parameter by its id."""
    return _parameter(_one(vocabulary().parameters, term))


@api.get("/vocabulary/chains", summary=("列出工艺链", "List process chains"), tag=TAG, public=True,
         query=paging.Paged, answer=shapes.Chains)  # fmt: skip
def list_chains(query: paging.Paged) -> shapes.Chains:
    """Process-chain templates with their steps."""
    page = paging.slice_of(list(vocabulary().chains.values()), query)
    items = [_chain(c) for c in page.items]
    return shapes.Chains(items=items, total=page.total, next=paging.next_of(page))


@api.get("/vocabulary/chains/<term>", summary=("查看一条工艺链", "One process chain"), tag=TAG,
         public=True, answer=shapes.ChainOut)  # fmt: skip
def show_chain(term: str) -> shapes.ChainOut:
    """A process chain by its id."""
    found = vocabulary().chains.get(term)
    if found is None:
        raise NotFound("term", term)
    return _chain(found)


def _one(terms: Mapping[str, T], key: str) -> T:
    found = terms.get(key)
    if found is None:
        raise NotFound("term", key)
    return found


def _found(terms: Mapping[str, T], query: TermQuery) -> list[T]:
    if query.within and query.within not in terms:
        raise Rejected([Problem("within", "unknown_term", {"term": query.within})])
    inside = vocabulary().descendants(query.within) if query.within else None
    needle = query.q.strip().casefold()
    return [
        t
        for t in terms.values()
        if (inside is None or t.id in inside) and (not needle or _spelled(t, needle))
    ]


def _spelled(term: Term, needle: str) -> bool:
    return any(needle in spelling.casefold() for spelling in (term.id, *term.spellings()))


def _label(term: Term | Chain) -> Label:
    return Label(zh=term.zh, en=term.en)


def _term(term: Term) -> shapes.TermOut:
    return shapes.TermOut(
        id=term.id, label=_label(term), broader=term.broader,
        synonyms=_once([*term.alt_zh, *term.alt_en, *term.abbr, *term.context_abbr,
                        *term.zh_hant]),
        deprecated=term.deprecated, replaced_by=term.replaced_by,
    )  # fmt: skip


def _once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _technique(term: Technique) -> shapes.TechniqueOut:
    words = vocabulary()
    return shapes.TechniqueOut(
        **_term(term).model_dump(), category=term.category,
        params=sorted(words.params_of(term.id)),
        narrower=[t.id for t in words.techniques.values() if t.broader == term.id],
    )  # fmt: skip


def _material(term: Material) -> shapes.MaterialOut:
    return shapes.MaterialOut(
        **_term(term).model_dump(), kind=term.kind, family=term.family,
        common_diameters=list(term.common_diameters),
        available_diameters=list(term.available_diameters), wavelengths=term.wavelengths,
    )  # fmt: skip


def _parameter(term: Parameter) -> shapes.ParameterOut:
    return shapes.ParameterOut(
        **_term(term).model_dump(), group=term.group, kind=term.kind, unit=term.unit,
        compare=term.compare, better=term.better, typical=term.typical, possible=term.hard,
        choices=[shapes.ChoiceOut(id=c.id, label=Label(zh=c.zh, en=c.en)) for c in term.values],
    )  # fmt: skip


def _chain(chain: Chain) -> shapes.ChainOut:
    return shapes.ChainOut(
        id=chain.id, label=_label(chain), materials=list(chain.materials),
        total_weeks=chain.total_weeks,
        steps=[
            shapes.ChainStepOut(
                key=s.key, techniques=list(s.techniques), alternatives=list(s.alternatives),
                level=s.level, after=list(s.after), weeks=s.weeks,
            )
            for s in chain.steps
        ],
    )  # fmt: skip
