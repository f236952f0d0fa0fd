"""Every command on a real store: its words for people, its JSON for programs, its exit code, its errors."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rea.cli.main import COMMANDS, rea
from rea.domain.ids import CampaignId
from rea.store.database import Database
from rea.store.insights import SqlInsights
from rea.store.journal import SqlJournal
from rea.testing.simulation import CAMPAIGN, Truth, World

EXAMPLES = Path(__file__).parents[2] / "examples"


def call(*words: str) -> Result:
    done = CliRunner().invoke(rea, list(words), standalone_mode=False)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def code(result: Result) -> int:
    value: object = result.return_value
    return value if isinstance(value, int) else 0


@pytest.fixture(scope="module")
def world() -> World:
    w = World(truth=Truth(effects={"a": 0.02, "b": 0.012, "c": -0.01}))
    w.run()
    return w


@pytest.fixture(scope="module")
def waiting() -> World:
    w = World(truth=Truth(effects={"a": 0.02, "b": 0.012}))
    w.open()
    while w.state.plan is None:
        w.wake()
        w.pass_time()
    return w


def stored(world: World, state: Path) -> Path:
    """Put a simulated campaign into a real store."""
    state.mkdir(exist_ok=True)
    journal = SqlJournal(Database(state / "store.db"))
    journal.append(CAMPAIGN, [r.event for r in world.journal.read(CAMPAIGN)])
    return state


READING = [
    ("status",),
    ("plan",),
    ("why",),
    ("query",),
    ("query", "hypotheses"),
    ("query", "jobs"),
    ("insights",),
    ("insights", "--sources"),
    ("report",),
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_what_reads_answers_people_and_programs(words: tuple[str, ...], world: World, tmp_path: Path) -> None:
    state = str(stored(world, tmp_path / "state"))
    plain = call(*words, "--state", state)
    assert "\x1b" not in plain.output
    told = call(*words, "--json", "--state", state)
    for line in told.output.splitlines():
        assert json.loads(line)["schema"] == "rea/1"


def test_events_are_exported_as_versioned_lines(world: World, tmp_path: Path) -> None:
    lines = call("query", "events", "--state", str(stored(world, tmp_path / "s"))).output.splitlines()
    assert len(lines) == len(world.journal.read(CAMPAIGN))
    assert all("v" in json.loads(line) for line in lines)


def test_a_finished_campaign_says_what_to_launch_and_that_nothing_was_deployed(world: World, tmp_path: Path) -> None:
    state = str(stored(world, tmp_path / "s"))
    assert "winner" in call("status", "--state", state).output
    assert code(call("status", "--exit-code", "--state", state)) == 0
    assert "nothing was deployed" in call("report", "--state", state).output


def test_a_plan_that_waits_shows_its_digest_and_the_command_that_approves_it(waiting: World, tmp_path: Path) -> None:
    state = str(stored(waiting, tmp_path / "s"))
    shown = call("plan", "--state", state)
    assert code(shown) == 10
    assert f"--digest {waiting.state.plan_digest[:12]}" in shown.output
    assert "wrong if:" in shown.output
    assert code(call("status", "--exit-code", "--state", state)) == 10


def test_an_approval_of_other_bytes_is_refused(waiting: World, tmp_path: Path) -> None:
    state = str(stored(waiting, tmp_path / "s"))
    refused = call("approve", "--digest", "0" * 12, "--json", "--state", state)
    assert code(refused) == 2
    assert json.loads(refused.output)["kind"] == "error"
    journal = SqlJournal(Database(tmp_path / "s" / "store.db"))
    assert len(journal.read(CampaignId("simulated"))) == len(waiting.journal.read(CAMPAIGN))


def test_a_second_terminal_can_pause_resume_and_stop(waiting: World, tmp_path: Path) -> None:
    state = stored(waiting, tmp_path / "s")
    assert "is paused" in call("pause", "--reason", "lunch", "--by", "ann", "--state", str(state)).output
    assert code(call("status", "--exit-code", "--state", str(state))) == 12
    assert "lunch" in call("why", "--state", str(state)).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("status", "-c", "nobody"), "there is no campaign 'nobody'"),
        (("steer", "drop", "x"), "nothing that runs or ran is called 'x'"),
        (("resume",), "not paused"),
        (("logs", "x"), "no job"),
        (("why", "zzz"), "nothing in"),
        (("check", ".", "--budget", "soon"), "no amount of device time"),
        (("check", "/nowhere-at-all", "--budget", "2h"), "/nowhere-at-all"),
        (("check", ".", "--budget", "2h", "--backend", "slrum"), "there is no backend 'slrum'"),
        (("amend", "--set", "lr=3"), "is no lever"),
        (("reject", "h00000000"), "names 0 hypotheses"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, tuple) else "",
)
def test_bad_input_says_what_happened_and_what_to_do(
    words: tuple[str, ...], said: str, world: World, tmp_path: Path
) -> None:
    result = call(*words, "--json", "--state", str(stored(world, tmp_path / "s")))
    error = json.loads(result.output)
    assert said in error["message"]
    assert error["next"]
    assert code(result) == error["exit_code"] == 2


def test_without_a_store_reading_says_how_to_begin(tmp_path: Path) -> None:
    result = call("status", "--state", str(tmp_path))
    assert code(result) == 2
    assert "rea start" in result.stderr


def test_every_command_has_help() -> None:
    for name in COMMANDS:
        assert "--json" in call(name, "--help").output


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        (["--help"], ["sqlalchemy", "numpy", "scipy", "pyarrow", "optuna", "matplotlib", "rea.store"]),
        (["status"], ["numpy", "scipy", "pyarrow", "optuna", "matplotlib", "jinja2"]),
    ],
    ids=lambda x: " ".join(x),
)
def test_what_people_call_often_imports_little(
    words: list[str], absent: list[str], world: World, tmp_path: Path
) -> None:
    state = stored(world, tmp_path / "s")
    script = "import sys; from rea.cli.main import rea; rea.main(sys.argv[1:], standalone_mode=False); print('|'.join(sys.modules))"
    extra = [] if words == ["--help"] else ["--state", str(state)]
    done = subprocess.run([sys.executable, "-c", script, *words, *extra], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split("|"))
    assert loaded.isdisjoint(absent)


@pytest.mark.parametrize("name", ["check", "start"])
def test_a_checklist_that_fails_is_told_to_programs_too(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    shutil.copytree(EXAMPLES / "toy", folder)
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    (folder / "make_data.py").open("a").write("# not committed\n")
    done = call(
        name, str(folder), "--budget", "1h", "--json", "--state", str(tmp_path / "state"), "--python", sys.executable
    )
    told = json.loads(done.output)
    assert code(done) == 1 and told["kind"] == "checklist" and not told["passed"]
    assert "committed" in {each["name"] for each in told["checks"] if not each["ok"]}


def test_each_sources_record_is_shown_and_stands_in_the_report(world: World, tmp_path: Path) -> None:
    state = stored(world, tmp_path / "state")
    insights = SqlInsights(Database(state / "store.db"))
    insights.add(tuple(world.kept.values()))
    told = [json.loads(x) for x in call("insights", "--sources", "--json", "--state", str(state)).output.splitlines()]
    assert [x["source"] for x in told] == ["research"]
    tested = [i for i in insights.all() if not i.untested and i.predicted.low < i.predicted.high]
    assert told[0]["tried"] == len(tested) > 0
    assert "research" in call("insights", "--sources", "--state", str(state)).output
    call("report", "--state", str(state), "--out", str(tmp_path / "r"))
    for name in ("report.html", "report.md"):
        assert "Over all campaigns" in (tmp_path / "r" / name).read_text()
