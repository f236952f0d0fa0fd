"""Papers come from a folder, or from indices that answer, within bounds; what does not answer is as good as empty."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from rea.domain.errors import UsageError
from rea.planner.sources.model.literature import web
from rea.planner.sources.model.literature.chosen import chosen
from rea.planner.sources.model.literature.folder import Folder, Shelf
from rea.planner.sources.model.literature.paper import Literature, Paper
from rea.planner.sources.model.literature.web import Arxiv, SemanticScholar, Several

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">
<entry><id>http://arxiv.org/abs/1</id><title>Deep
 cross</title><summary>It helps by 0.3 %.</summary></entry><entry><title>no abstract</title></entry></feed>"""
JSON = json.dumps(
    {"data": [{"title": "Masks", "abstract": "They help.", "url": "u"}, {"title": "x", "abstract": None}]}
)
BOMB = '<!DOCTYPE a [<!ENTITY b "' + "c" * 100 + '">]>' + ATOM.partition("?>")[2]


@contextmanager
def served(body: str, status: int = 200, location: str = "") -> Iterator[tuple[str, list[str]]]:
    """Serve one answer on loopback; yields the address and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/q", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_both_indices_are_read() -> None:
    with served(ATOM) as (address, asked):
        assert Arxiv(address).find(("click rate", "dcn"), 3) == (
            Paper(title="Deep cross", text="It helps by 0.3 %.", url="http://arxiv.org/abs/1"),
        )
        assert asked == ["/q?search_query=all:click+rate+AND+all:dcn&max_results=3&sortBy=relevance"]
    with served(JSON) as (address, asked):
        assert SemanticScholar(address).find(("click rate",), 3) == (Paper(title="Masks", text="They help.", url="u"),)
        assert asked == ["/q?query=click+rate&limit=3&fields=title,abstract,url"]


@pytest.mark.parametrize(
    "body", ["", "<html>busy", "{}", '{"data": 3}', '{"data": [1]}', "[" * 9999, BOMB, "y" * 2_000_001]
)
@pytest.mark.parametrize("library", [Arxiv, SemanticScholar])
def test_what_is_no_answer_is_empty(body: str, library: type[Arxiv] | type[SemanticScholar]) -> None:
    with served(body) as (address, _):
        assert library(address).find(("a",), 3) == ()


def test_errors_redirects_and_silence_are_empty() -> None:
    with served(ATOM) as (there, asked), served("", 302, there) as (address, _):
        assert Arxiv(address).find(("a",), 3) == () and asked == []
    with served(ATOM, 500) as (address, _):
        assert Arxiv(address).find(("a",), 3) == ()
    assert Arxiv("http://127.0.0.1:1/q").find(("a",), 3) == ()


def test_nothing_but_https_is_asked_beyond_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "build_opener", lambda *_: pytest.fail("asked"))
    for address in ("http://example.org/q", "file:///etc/passwd", "ftp://127.0.0.2/q"):
        assert Arxiv(address).find(("a",), 3) == ()


def test_a_folder_gives_the_papers_that_hold_most_of_the_words_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("about weather")
    (tmp_path / "b.md").write_text("click rate, click rate")
    (tmp_path / "c.pdf").write_bytes(b"%PDF")
    (tmp_path / "large.txt").write_text("click " * 400_000)
    (tmp_path / "link.txt").symlink_to("/etc/passwd")
    assert [p.title for p in Folder(tmp_path).find(("click",), 3)] == ["b", "a"]
    assert Folder(tmp_path / "nowhere").find(("click",), 3) == ()


class Changing:
    """A library that answers differently each time."""

    count = 0

    def find(self, words: object, most: int) -> tuple[Paper, ...]:
        self.count += 1
        return (Paper(title=f"answer {self.count}", text="x"),)


def test_a_shelf_gives_a_later_wake_the_same_papers(tmp_path: Path) -> None:
    library: Literature = Changing()
    assert library.find(("a",), 1) != library.find(("a",), 1)
    kept = [Shelf(library, tmp_path / "papers.json").find(("a",), 1) for _ in range(2)]
    assert kept[0] == kept[1] != Shelf(library, tmp_path / "papers.json").find(("b",), 1)


def test_several_libraries_give_a_title_once() -> None:
    with served(ATOM) as (address, _):
        assert len(Several((Arxiv(address), Arxiv(address))).find(("a",), 4)) == 1


def test_nothing_is_read_unless_a_person_says_so(tmp_path: Path) -> None:
    assert chosen("", "", tmp_path) is None
    with pytest.raises(UsageError, match="no index 'google'"):
        chosen("arxiv,google", "", tmp_path)
    with pytest.raises(UsageError, match="is no folder"):
        chosen("", str(tmp_path / "nowhere"), tmp_path)
    (tmp_path / "a.txt").write_text("click")
    found = chosen("", str(tmp_path), tmp_path)
    assert found is not None and [p.title for p in found.find(("click",), 3)] == ["a"]
    assert (tmp_path / "papers.json").exists()


def test_a_campaign_that_was_given_papers_reads_them_without_the_variables_too(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.txt").write_text("click")
    given = chosen("", str(tmp_path / "papers"), tmp_path)
    assert given is not None
    found = given.find(("click",), 1)
    (tmp_path / "papers" / "a.txt").write_text("something else")
    later = chosen("", "", tmp_path)
    assert later is not None and later.find(("click",), 1) == found and later.find(("other",), 1) == ()
