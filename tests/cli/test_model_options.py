"""--tokens and --money: what is granted a language model, and that nothing is without them."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from rea.api import calling, deciding, starting
from rea.campaign.evolve import replay
from rea.cli.decide import approve
from rea.cli.face import amount
from rea.cli.start import start
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.plan import NO_CALLS, Envelope
from rea.settings import Settings
from rea.testing.memory import MemoryJournal
from rea.testing.simulation import CAMPAIGN, Truth, World

MODEL = {"REA_MODEL": "openai:m", "OPENAI_API_KEY": "planted-1f0e9d8c7b6a"}
ENVELOPE = Envelope(model="openai:m", tokens=1000, micros=500)


def waiting() -> tuple[MemoryJournal, Campaign]:
    """Return a campaign whose plan waits."""
    journal = MemoryJournal()
    w = World(truth=Truth(effects={"a": 0.01}), calls=ENVELOPE, journal=journal)
    w.open()
    while w.state.plan is None:
        w.wake()
        w.pass_time()
    return journal, w.state


def test_by_default_no_model_is_granted_anything(tmp_path: Path) -> None:
    assert calling.wanted(Settings(state=tmp_path), 0, 0.0, MODEL).envelope == NO_CALLS


def test_amounts_of_a_configured_model_make_an_envelope_without_its_key(tmp_path: Path) -> None:
    pytest.importorskip("openai", reason="the agent extra is not installed: pip install '.[agent]'")
    found = calling.wanted(Settings(state=tmp_path), 1000, 1.5, {**MODEL, "REA_MODEL_PRICE": "1,2"})
    terms = "openai:m for 1 in and 2 out per million tokens"
    assert found.envelope == Envelope(model=terms, tokens=1000, micros=1_500_000)
    (check,) = found.take_down(tmp_path)
    assert "wakes from jobs do not see its key" in check.detail
    assert "planted" not in repr(found) + (tmp_path / "model.json").read_text()


@pytest.mark.parametrize(
    ("tokens", "money", "environment", "said"),
    [
        (0, 1.0, MODEL, "money beside them"),
        (-1, 0.0, MODEL, "granted tokens"),
        (10, 0.0, {}, "no language model is configured"),
        (10, 0.0, {**MODEL, "REA_MODEL_PRICE": "1,2"}, "no money was granted"),
        (10, 0.0, {"REA_MODEL": "openai:m"}, "wants a key"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, tokens: int, money: float, environment: dict[str, str], said: str
) -> None:
    pytest.importorskip("openai", reason="the agent extra is not installed: pip install '.[agent]'")
    with pytest.raises(UsageError, match=said):
        calling.wanted(Settings(state=tmp_path), tokens, money, environment)


def test_the_plan_names_the_envelope_and_its_approval_grants_it() -> None:
    journal, c = waiting()
    assert c.plan is not None
    assert c.plan.calls == ENVELOPE
    assert c.tokens.granted == 500  # what the signature grants: half
    deciding.approve(journal, CAMPAIGN, c, c.plan_digest, "ann")
    assert [x.granted for x in journal.allowances(CAMPAIGN)] == [1000, 500]


def test_an_approval_may_grant_less_never_more() -> None:
    journal, c = waiting()
    for beyond in (replace(ENVELOPE, tokens=1001), replace(ENVELOPE, micros=501), replace(ENVELOPE, model="other")):
        with pytest.raises(UsageError, match="more cannot be granted"):
            deciding.approve(journal, CAMPAIGN, c, c.plan_digest, "ann", beyond)
    less = deciding.lowered(c, 700, 0.0)
    deciding.approve(journal, CAMPAIGN, c, c.plan_digest, "ann", less)
    after = replay(r.event for r in journal.read(CAMPAIGN))
    assert (after.approved, after.tokens.granted, after.money.granted) == (True, 700, 250)


def test_another_envelope_is_another_digest() -> None:
    _, c = waiting()
    assert c.plan is not None
    assert replace(c.plan, calls=replace(ENVELOPE, tokens=1001)).digest != c.plan_digest
    assert replace(c.plan, calls=NO_CALLS).digest != c.plan_digest


@pytest.mark.parametrize(("text", "tokens"), [("200k", 200_000), ("2M", 2_000_000), ("1.5k", 1500), ("7", 7)])
def test_amounts_are_written_as_people_write_them(text: str, tokens: int) -> None:
    assert amount(text) == tokens


def test_what_is_no_amount_is_told(tmp_path: Path) -> None:
    for command, words in (
        (start, ["--budget", "1h", "--tokens", "lots"]),
        (approve, ["--digest", "x", "--tokens", "-3"]),
    ):
        done = CliRunner().invoke(command, [*words, "--state", str(tmp_path)])
        assert done.exit_code == 2
        assert "tokens" in done.output


def test_a_key_is_not_in_the_script_that_wakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in MODEL.items():
        monkeypatch.setenv(name, value)
    text = starting.prepare(Settings(state=tmp_path)).read_text()
    assert "REA_MODEL=openai:m" in text
    assert "planted" not in text


def test_planted_bug_a_variable_that_is_kept_would_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why a key in a variable REA_... is refused."""
    monkeypatch.setenv("REA_KEY", "planted-1f0e9d8c7b6a")
    assert "planted" in starting.prepare(Settings(state=tmp_path)).read_text()
    with pytest.raises(UsageError, match="wake script"):
        calling.wanted(Settings(state=tmp_path), 10, 0.0, {"REA_MODEL": "openai:m", "REA_MODEL_KEY_ENV": "REA_KEY"})
