"""What is asked goes through Redact, Ledger, Replay and Retry, in this order; nothing is paid twice, decided twice, or beyond what was granted."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from agent.fakes import MODEL, SECRET, C, Scripted, account, events, reply, request

from rea.agent.call import Failed, Link, Lost, Refused, Reply, Request, Unsent
from rea.agent.chain import Account, chain, recorded_only
from rea.agent.configuration import Key
from rea.agent.ledger import SHARE, Ledger
from rea.agent.redact import MARK, Redact
from rea.agent.replay import FOLDER, Replay, Replies
from rea.agent.retry import Retry
from rea.domain import event as e
from rea.testing.fuse import Killed
from rea.testing.memory import MemoryJournal


def way(provider: Link, a: Account, waits: list[float] | None = None) -> Link:
    return chain(provider, MODEL, Key(SECRET), a, {}, wait=(waits if waits is not None else []).append)


def names(link: object) -> list[str]:
    """Return the links of a chain from the outside in."""
    found = []
    while link is not None:
        found.append(type(link).__name__)
        link = getattr(link, "link", None)
    return found


def test_the_links_stand_in_the_order_that_the_design_states(tmp_path: Path) -> None:
    assert names(way(Scripted([]), account(tmp_path)[0])) == ["Redact", "Ledger", "Replay", "Retry", "Scripted"]


def test_a_call_is_reserved_at_its_worst_and_settled_at_what_was_reported(tmp_path: Path) -> None:
    a, journal = account(tmp_path)
    answer = way(Scripted([reply("[1]", 10, 5)]), a).ask(request(most=100))
    reserved, settled = events(journal)
    assert isinstance(reserved, e.CallReserved)
    assert reserved.tokens == request().prompt_bound + 100
    assert reserved.micros == MODEL.cost(request().prompt_bound, 100)
    assert isinstance(settled, e.CallSettled)
    assert (settled.tokens, settled.micros) == (15, 10 + 5 * 4) == (answer.tokens, answer.micros)
    assert journal.allowances(C)[0].held == journal.allowances(C)[1].held == 0


def test_it_is_reserved_before_anything_is_sent(tmp_path: Path) -> None:
    a, journal = account(tmp_path)

    class Looking:
        def ask(self, request: Request) -> Reply:
            assert [type(x) for x in events(journal)] == [e.CallReserved]
            return reply()

    way(Looking(), a).ask(request())


@pytest.mark.parametrize(
    ("tokens", "micros", "model"),
    [(0, 10**7, MODEL.terms), (1100, 10**7, MODEL.terms), (10**5, 0, MODEL.terms), (10**5, 10**7, "openai:other")],
)
def test_what_was_not_granted_is_not_asked(tmp_path: Path, tokens: int, micros: int, model: str) -> None:
    a, journal = account(tmp_path, tokens, micros, model)
    provider = Scripted([reply()])
    with pytest.raises(Refused):
        way(provider, a).ask(request())
    assert provider.asked == [] == events(journal)


def test_planted_bug_without_the_ledger_it_is_asked(tmp_path: Path) -> None:
    a, _ = account(tmp_path, tokens=0)
    whole = way(provider := Scripted([reply()]), a)
    assert isinstance(whole, Redact)
    assert isinstance(whole.link, Ledger)
    Redact(whole.link.link, whole.clean).ask(request())
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    "event", [e.Paused(reason="r", by="ann", command="1"), e.Stopped(by="a", reason="r", command="1")]
)
def test_a_campaign_that_does_not_run_asks_nothing(tmp_path: Path, event: e.Event) -> None:
    a, journal = account(tmp_path)
    journal.append(C, (event,))
    with pytest.raises(Refused, match="not running"):
        way(Scripted([reply()]), a).ask(request())


@pytest.mark.parametrize(("used_in", "used_out"), [(None, 5), (5, None), (-3, 5), (5, -3), (0, 0), (0, 7)])
def test_a_report_that_cannot_be_is_settled_at_what_was_held(
    tmp_path: Path, used_in: int | None, used_out: int | None
) -> None:
    a, journal = account(tmp_path)
    way(Scripted([reply("[]", used_in, used_out)]), a).ask(request())
    reserved, settled = events(journal)
    assert isinstance(settled, e.CallSettled)
    assert isinstance(reserved, e.CallReserved)
    assert (settled.tokens, settled.micros) == (reserved.tokens, reserved.micros)


def test_an_absurd_report_is_a_fact_overspends_nothing_and_ends_the_asking(tmp_path: Path) -> None:
    a, journal = account(tmp_path)
    link = way(Scripted([reply("[]", 10**30, 1), reply()]), a)
    link.ask(request())
    tokens, _ = journal.allowances(C)
    assert tokens.spent + tokens.held <= tokens.granted
    assert tokens.overrun > 0
    with pytest.raises(Refused, match="cost more than it could"):
        link.ask(request("{1}"))


def test_a_lost_reply_is_paid_and_asked_for_once_more(tmp_path: Path) -> None:
    a, journal = account(tmp_path)
    way(provider := Scripted([Lost("hung"), reply()]), a).ask(request())
    assert len(provider.asked) == 2
    first = events(journal)[1]
    assert isinstance(first, e.CallSettled)
    assert (first.tokens, first.reply, first.why) == (request().prompt_bound + 100, "", "hung")


def test_a_reply_that_was_lost_twice_is_never_asked_for_again(tmp_path: Path) -> None:
    a, journal = account(tmp_path)
    link = way(provider := Scripted([Lost("1"), Lost("2"), reply()]), a)
    with pytest.raises(Lost):
        link.ask(request())
    with pytest.raises(Refused, match="as often as it may be"):
        link.ask(request())
    assert len(provider.asked) == 2
    assert journal.allowances(C)[0].spent == 2 * (request().prompt_bound + 100)


def test_what_nobody_answered_costs_nothing_and_is_tried_again_at_once(tmp_path: Path) -> None:
    a, journal = account(tmp_path)
    waits: list[float] = []
    way(
        provider := Scripted([Unsent("429", again=True, after_s=2.0), Unsent("503", again=True), reply()]), a, waits
    ).ask(request())
    assert (len(provider.asked), waits) == (3, [2.0, 2.0])
    assert [type(x) for x in events(journal)] == [e.CallReserved, e.CallSettled]


@pytest.mark.parametrize("error", [Unsent("401"), Unsent("429", again=True, after_s=3600)])
def test_what_will_not_get_better_is_not_tried_again_and_costs_nothing(tmp_path: Path, error: Unsent) -> None:
    a, journal = account(tmp_path)
    with pytest.raises(Unsent):
        way(provider := Scripted([error, reply()]), a).ask(request())
    assert len(provider.asked) == 1
    assert journal.allowances(C)[0].spent == 0


def test_an_answered_question_is_never_sent_again(tmp_path: Path) -> None:
    a, journal = account(tmp_path)
    first = way(Scripted([reply("[7]")]), a).ask(request())
    length = len(journal.read(C))
    again = way(nobody := Scripted([]), a).ask(request())
    assert again == first
    assert nobody.asked == []
    assert len(journal.read(C)) == length


def test_killed_before_the_reply_was_kept_it_is_paid_and_asked_once_more(tmp_path: Path) -> None:
    a, journal = account(tmp_path)
    with pytest.raises(Killed):
        way(Scripted([Killed("power")]), a).ask(request())
    assert journal.allowances(C)[0].held > 0
    way(provider := Scripted([reply("[8]")]), a).ask(request())
    assert len(provider.asked) == 1
    assert [type(x).__name__ for x in events(journal)] == ["CallReserved", "CallSettled"] * 2
    assert journal.allowances(C)[0].held == 0


def test_killed_between_keeping_and_settling_it_is_settled_and_not_asked(tmp_path: Path) -> None:
    a, journal = account(tmp_path)

    class Dying(MemoryJournal):
        def append(self, campaign, events, *, expected=None):  # type: ignore[no-untyped-def]
            if any(isinstance(x, e.CallSettled) for x in events):
                raise Killed("power")
            return journal.append(campaign, events, expected=expected)

    with pytest.raises(Killed):
        way(Scripted([reply("[9]")]), Account(campaign=C, journal=Dying(), state=a.state, directory=tmp_path)).ask(
            request()
        )
    found = way(nobody := Scripted([]), a).ask(request())
    assert (found.body, found.tokens, nobody.asked) == ("[9]", 15, [])


def test_planted_bug_without_keeping_replies_a_wake_pays_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Replay, "ask", lambda self, request: self.link.ask(request))
    a, journal = account(tmp_path)
    way(Scripted([reply()]), a).ask(request())
    way(again := Scripted([reply()]), a).ask(request())
    assert len(again.asked) == 1
    assert len(events(journal)) == 4


def test_a_kept_reply_that_was_altered_is_refused_not_bought_again(tmp_path: Path) -> None:
    a, _ = account(tmp_path)
    way(Scripted([reply("[1]")]), a).ask(request())
    (path,) = (tmp_path / FOLDER).iterdir()
    path.write_bytes(path.read_bytes().replace(b"[1]", b"[2]"))
    with pytest.raises(Refused, match="not the one that was kept"):
        way(provider := Scripted([reply()]), a).ask(request())
    assert provider.asked == []


def test_recorded_calls_are_answered_with_nobody_there_and_others_are_not(tmp_path: Path) -> None:
    a, journal = account(tmp_path)
    body = way(Scripted([reply("[3]")]), a).ask(request()).body
    length = len(journal.read(C))
    assert recorded_only(a, {}).ask(request()).body == body
    with pytest.raises(Refused, match="recorded"):
        recorded_only(a, {}).ask(request("{2}"))
    assert len(journal.read(C)) == length


# ---- secrets -------------------------------------------------------------------------------------------------------------


def leaks(folder: Path, journal: MemoryJournal, provider: Scripted, said: str) -> bool:
    """Whether the planted key stands in anything that is sent, kept, recorded or said."""
    files = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file()).decode()
    sent = "".join(r.body for r in provider.asked)
    return SECRET in sent + files + repr(journal.read(C)) + said


def echoing(folder: Path, plant: pytest.MonkeyPatch | None = None) -> bool:
    """Ask a provider that echoes the key in a reply and in an error, with the key in the question, too."""
    if plant is not None:
        plant.setattr("rea.agent.redact.Redactor.__call__", lambda self, text: text)
    a, journal = account(folder)
    provider = Scripted([reply(f'["{SECRET}"]'), Lost(f"bad key {SECRET}"), Unsent(f"401 {SECRET}")])
    link = way(provider, a)
    said = link.ask(request(f'{{"x":"{SECRET}"}}')).body
    with pytest.raises(Failed) as error:
        link.ask(request('{"y":1}'))
    return leaks(folder, journal, provider, said + str(error.value))


def test_a_key_is_in_nothing_that_is_sent_kept_recorded_or_said(tmp_path: Path) -> None:
    assert not echoing(tmp_path)


def test_planted_bug_without_redaction_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert echoing(tmp_path, monkeypatch)


def test_what_was_lost_is_recorded_without_the_key(tmp_path: Path) -> None:
    a, journal = account(tmp_path)
    way(Scripted([Lost(f"server says {SECRET}"), reply()]), a).ask(request())
    assert SECRET not in repr(events(journal))
    assert MARK in repr(events(journal))


def test_replies_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    a, _ = account(tmp_path)
    way(Scripted([reply()]), a).ask(request())
    (path,) = (tmp_path / FOLDER).iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_retry_stands_inside_replay_so_that_nothing_kept_waits(tmp_path: Path) -> None:
    a, _ = account(tmp_path)
    link = way(Scripted([]), a)
    inner = link.link.link  # type: ignore[attr-defined]
    assert isinstance(inner, Replay)
    assert isinstance(inner.link, Retry)
    assert isinstance(inner.replies, Replies)


def test_a_role_that_nobody_asked_for_has_a_share_and_leaves_the_rest(tmp_path: Path) -> None:
    a, journal = account(tmp_path, tokens=40_000)
    sold = [replace(request(f"[{n}]"), role="explainer") for n in range(20)]
    link = way(Scripted([reply(used_in=800, used_out=100) for _ in sold]), a)
    answered = 0
    for one in sold:
        try:
            link.ask(one)
            answered += 1
        except Refused as error:
            assert "the explainer may use 25% of the tokens granted" in str(error)
    assert answered == 10 and journal.allowances(C)[0].spent == 9000 <= SHARE["explainer"] * 40_000
    assert way(Scripted([reply()]), a).ask(replace(request("[99]"), role="proposer")).body


def test_planted_bug_without_shares_the_explainer_takes_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.agent.ledger.SHARE", {})
    a, journal = account(tmp_path, tokens=40_000)
    link = way(Scripted([reply(used_in=800, used_out=100) for _ in range(12)]), a)
    for n in range(12):
        link.ask(replace(request(f"[{n}]"), role="explainer"))
    assert journal.allowances(C)[0].spent > 0.25 * 40_000
