"""arXiv and Semantic Scholar: their public search, by the standard library, one request each. Off unless a person switches them on.

Sources: https://info.arxiv.org/help/api/user-manual.html, https://api.semanticscholar.org/api-docs/graph
"""

import http.client
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.error import URLError
from urllib.parse import quote_plus, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, build_opener
from xml.etree import ElementTree

from rea.planner.sources.model.literature.paper import Literature, Paper

ARXIV = "https://export.arxiv.org/api/query"
SEMANTIC_SCHOLAR = "https://api.semanticscholar.org/graph/v1/paper/search"
PATIENCE_S = 10.0
LARGEST = 2_000_000  # bytes of an answer
_ATOM = "{http://www.w3.org/2005/Atom}"


class _NoRedirect(HTTPRedirectHandler):
    """An index answers itself or not at all."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Arxiv:
    """Abstracts from arXiv."""

    address: str = ARXIV

    def find(self, words: Sequence[str], most: int) -> Sequence[Paper]:
        asked = "+AND+".join(f"all:{quote_plus(word)}" for word in words)
        answer = _fetch(f"{self.address}?search_query={asked}&max_results={most}&sortBy=relevance")
        return _papers(answer, _of_atom)[:most]


@dataclass(frozen=True, slots=True)
class SemanticScholar:
    """Abstracts from Semantic Scholar."""

    address: str = SEMANTIC_SCHOLAR

    def find(self, words: Sequence[str], most: int) -> Sequence[Paper]:
        asked = quote_plus(" ".join(words))
        answer = _fetch(f"{self.address}?query={asked}&limit={most}&fields=title,abstract,url")
        return _papers(answer, _of_json)[:most]


@dataclass(frozen=True, slots=True)
class Several:
    """What several libraries have, in turn: each a share of ``most``, one paper a title."""

    libraries: tuple[Literature, ...]

    def find(self, words: Sequence[str], most: int) -> Sequence[Paper]:
        share = -(-most // max(1, len(self.libraries)))
        found = (paper for library in self.libraries for paper in library.find(words, share))
        return tuple({paper.title.lower(): paper for paper in found}.values())[:most]


def _fetch(address: str) -> bytes:
    """Return what stands at ``address``; nothing where it cannot be had within bounds."""
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        return b""
    opener: OpenerDirector = build_opener(_NoRedirect)
    opener.addheaders = [("User-Agent", "rea (https://pypi.org/project/ranking-engineer-agent)")]
    try:
        with opener.open(address, timeout=PATIENCE_S) as answer:
            content: bytes = answer.read(LARGEST + 1)
    except (URLError, OSError, http.client.HTTPException, ValueError):
        return b""
    return content if len(content) <= LARGEST else b""


def _papers(answer: bytes, read: Callable[[bytes], Iterable[Paper]]) -> tuple[Paper, ...]:
    try:
        return tuple(paper for paper in read(answer) if paper.title and paper.text)
    except (ValueError, KeyError, TypeError, AttributeError, ElementTree.ParseError, RecursionError):
        return ()


def _of_atom(answer: bytes) -> Iterable[Paper]:
    if not answer or b"<!DOCTYPE" in answer or b"<!ENTITY" in answer:
        return  # no feed declares entities; what does is meant to swell
    for entry in ElementTree.fromstring(answer).iter(f"{_ATOM}entry"):  # noqa: S314 entities are refused above
        yield Paper(title=_text(entry, "title"), text=_text(entry, "summary"), url=_text(entry, "id"))


def _text(entry: ElementTree.Element, name: str) -> str:
    return " ".join((entry.findtext(f"{_ATOM}{name}") or "").split())


def _of_json(answer: bytes) -> Iterable[Paper]:
    for paper in json.loads(answer or b"{}").get("data", ()):
        yield Paper(title=str(paper["title"]), text=str(paper.get("abstract") or ""), url=str(paper.get("url") or ""))
