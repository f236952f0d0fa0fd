"""rea import: what was matched, what was left out, and nothing kept where anything is wrong."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rea.cli.main import rea
from rea.store.database import Database
from rea.store.insights import SqlInsights

WORKLOAD = Path(__file__).parents[2] / "src" / "rea" / "workloads" / "ranking"
ROWS = "learning_rate,trick,val\n0.001,a,0.8\n0.003,a,0.78\n0.003,b,0.7\n"


def call(*words: str) -> Result:
    return CliRunner().invoke(rea, words, standalone_mode=False)


@pytest.fixture
def table(tmp_path: Path) -> str:
    (tmp_path / "runs.csv").write_text(ROWS)
    return str(tmp_path / "runs.csv")


def kept(state: Path) -> int:
    return len(SqlInsights(Database(state / "store.db")).all()) if (state / "store.db").exists() else 0


def test_it_says_what_it_took_and_keeps_it_once(table: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    words = ("import", "table", table, "--workload", str(WORKLOAD), "--metric", "val=ne", "--state", str(state))
    dry = call(*words, "--dry-run")
    assert "nothing kept" in dry.output and kept(state) == 0
    for _ in range(2):
        told = call(*words).output
        assert "learning_rate is the lever" in told and "never compared across: trick" in told
        assert "+2.50 %" in told and kept(state) == 1
    found = json.loads(call(*words, "--json").output)
    assert found["schema"] == "rea/1" and found["insights"][0]["standing"] == "claimed"
    assert "claimed, not judged" in call("insights", "--state", str(state)).output


@pytest.mark.parametrize(
    "words",
    [
        ("mlfow", "runs.db"),
        ("table", "nothing.csv"),
        ("table", "", "--map", "trick"),
        ("table", "", "--metric", "val=auc"),
        ("table", "", "--metric", "value=ne"),
        ("mlflow", ""),
        ("optuna", ""),
        ("wandb", "/dev"),
        ("tensorboard", ""),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_written(words: tuple[str, ...], table: str, tmp_path: Path) -> None:
    kind, place, *rest = words
    state = tmp_path / "state"
    where = place or table
    said = call(
        "import",
        kind,
        where if where != "/dev" else str(tmp_path),
        *rest,
        "--workload",
        str(WORKLOAD),
        "--json",
        "--state",
        str(state),
    )
    told = json.loads(said.output)
    assert said.return_value == 2 and told["kind"] == "error" and told["next"]
    assert kept(state) == 0
