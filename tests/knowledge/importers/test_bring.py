"""Runs on levers: matched by name, role or word, compared only where nothing else that is known differs, kept as claims."""

from pathlib import Path
from random import Random

import pytest
from planner.foreign import FOREIGN

from rea.domain.errors import StoreError, UsageError
from rea.domain.evidence import Verdict
from rea.domain.ids import CampaignId
from rea.domain.insight import Setting, Standing
from rea.domain.lever import Scalar
from rea.knowledge.importers import read
from rea.knowledge.importing.bring import UNKNOWN_TIME, Asked, Brought, bring
from rea.knowledge.importing.runs import Archive, Run, Status
from rea.planner.trust import records
from rea.store.database import Database
from rea.store.insights import SqlInsights


def run(n: int, ne: float, status: Status = Status.FINISHED, **parameters: Scalar) -> Run:
    return Run(id=str(n), parameters=parameters, metrics={"ne": ne}, status=status)


def brought(*runs: Run, levers: dict[str, str] | None = None, metric: tuple[str, str] = ("ne", "ne")) -> Brought:
    return bring(
        FOREIGN, Archive(runs=runs), Asked(kind="table", place="/runs.csv", metric=metric, levers=levers or {})
    )


def test_parameters_are_levers_by_name_role_or_word() -> None:
    found = brought(
        *(
            Run(id=str(ne), parameters={"optim.lr": rate, "dropout": 0.0, "bsz": size}, metrics={"ne": ne})
            for ne, rate, size in ((0.80, 0.001, "4096"), (0.78, 0.01, "4096"), (0.79, 0.001, "8192"))
        ),
        levers={"bsz": "bs"},
    )
    assert found.matched == {"optim.lr": "optim.lr", "dropout": "p_drop", "bsz": "bs"}
    effects = {str(i.moves[0]): i.raw.value for i in found.insights if i.raw}
    assert effects == pytest.approx({"learning_rate x 10.0": 0.025, "batch_size x 2.0": 0.0125})


def test_runs_that_differ_in_something_unmatched_are_never_compared() -> None:
    confounded = [
        run(n, 0.8 - 0.01 * n, learning_rate=(0.001, 0.003)[n % 2], trick=("a", "b")[n % 2]) for n in range(6)
    ]
    found = brought(*confounded)
    assert found.unmatched == ("trick",) and found.insights == ()
    assert "map them, or ignore them" in found.remarks[-1]
    assert len(brought(*confounded, levers={"trick": ""}).insights) == 1


def test_planted_bug_a_blind_comparison_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rea.knowledge.importing.bring.match", _blind)
    with pytest.raises(AssertionError):
        test_runs_that_differ_in_something_unmatched_are_never_compared()


def _blind(workload: object, runs: list[Run], told: object) -> object:
    from rea.knowledge.importing.mapping import match

    return match(
        FOREIGN,
        [Run(id=r.id, parameters={"learning_rate": r.parameters["learning_rate"]}, metrics=r.metrics) for r in runs],
        {},
    )


def test_what_is_left_out_is_counted_with_its_reason() -> None:
    found = brought(
        run(1, 0.80, learning_rate=0.001),
        run(2, 0.79, learning_rate=0.003),
        run(3, 0.10, learning_rate=7.0),
        run(4, 0.10, other="x"),
        run(5, 0.10, Status.FAILED, learning_rate=0.003),
        Run(id="6", parameters={"learning_rate": 0.003}, metrics={}),
    )
    said = " | ".join(found.left_out)
    for part in (
        "1 failed runs",
        "1 runs without ne",
        "does not admit, such as 7.0",
        "1 runs: does not say learning_rate",
    ):
        assert part in said
    assert len(found.insights) == 1


@pytest.mark.parametrize(
    ("levers", "metric", "message"),
    [
        ({"rate": "optim.lr"}, ("ne", "ne"), "no run has a parameter 'rate'"),
        ({"learning_rate": "optim.rate"}, ("ne", "ne"), "no lever 'optim.rate'"),
        ({}, ("val", "ne"), "no finished run has the metric 'val'"),
        ({}, ("ne", "loss"), "is no metric of ours"),
        ({}, ("ne", "auc"), "say nothing of ne"),
        ({"learning_rate": "", "x": ""}, ("ne", "ne"), "no parameter is called like"),
        ({"x": "optim.lr", "learning_rate": "optim.lr"}, ("ne", "ne"), "both taken for the lever"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_the_next_step(
    levers: dict[str, str], metric: tuple[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        brought(
            run(1, 0.8, learning_rate=0.001, x=0.1),
            run(2, 0.7, learning_rate=0.003, x=0.1),
            levers=levers,
            metric=metric,
        )
    assert caught.value.hint


def test_a_random_search_is_read_by_regression() -> None:
    random = Random(4)
    runs = []
    for n in range(60):
        rate, dropout, act = 10 ** random.uniform(-4, -2), random.uniform(0, 0.5), random.choice(("ReLU", "Swish"))
        gain = 0.01 * (rate / 0.001 > 1) + 0.02 * dropout + 0.004 * (act == "Swish")
        runs.append(
            run(n, 0.8 * (1 - gain - random.gauss(0, 0.002)), learning_rate=rate, dropout=dropout, activation=act)
        )
    found = {str(i.moves[0]): i for i in brought(*runs).insights}
    assert {m.split(" ")[0] for m in found} == {"learning_rate", "dropout", "activation"}
    for move, truth in ((next(m for m in found if m.startswith("dropout")), 0.01), ("activation = Swish", 0.004)):
        raw = found[move].raw
        assert raw is not None and raw.low < truth < raw.high and raw.high - raw.low < 0.02
    assert "taken to add up" in found["activation = Swish"].reason
    assert brought(*runs[:6]).insights == () and "too few" in brought(*runs[:6]).remarks[-1]


def test_it_is_a_claim_and_no_sources_merit() -> None:
    found = brought(run(1, 0.80, learning_rate=0.001), run(2, 0.78, learning_rate=0.003))
    (insight,) = found.insights
    assert insight.standing is Standing.CLAIMED and insight.verdict is Verdict.INCONCLUSIVE
    assert (
        insight.origin == "table /runs.csv"
        and insight.reason.startswith("claimed, not judged")
        and insight.at == UNKNOWN_TIME
    )
    assert records(found.insights, {}) == ()


def test_bringing_it_in_again_replaces_it_and_only_imports_are_replaced(tmp_path: Path) -> None:
    insights = SqlInsights(Database(tmp_path / "store.db"))
    first = brought(run(1, 0.80, learning_rate=0.001), run(2, 0.78, learning_rate=0.003))
    more = brought(
        run(1, 0.80, learning_rate=0.001), run(2, 0.78, learning_rate=0.003), run(3, 0.70, learning_rate=0.003)
    )
    for _ in range(2):
        insights.replace(first.campaign, first.insights)
        assert insights.all() == first.insights
    insights.replace(more.campaign, more.insights)
    assert insights.all() == more.insights != first.insights
    with pytest.raises(StoreError):
        insights.replace(CampaignId("frappe"), ())
    with pytest.raises(StoreError):
        insights.replace(CampaignId("import-x"), more.insights)
    assert insights.all() == more.insights
    here = Setting(workload="foreign", model="mlp", data=first.insights[0].setting.data)
    prior = insights.prior(more.insights[0].moves, here)
    assert prior is not None and prior.claimed == 1 and "claimed by imported runs" in prior.tally
    assert 0 < prior.effect.value < 0.04  # a claim of unknown age of 7.5 %


def test_tables_say_what_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(
        "id,learning_rate,ne,auc,status,at\na,0.001,0.8,0.71,finished,2026-01-01\nb,0.003,0.78,0.72,finished,2026-01-02\nc,0.003,,,failed,\n"
    )
    archive = read("table", str(path))
    assert [str(r.status) for r in archive.runs] == ["finished", "finished", "failed"]
    found = bring(FOREIGN, archive, Asked(kind="table", place=str(path), metric=("ne", "ne"), levers={}))
    assert len(found.insights) == 1 and found.insights[0].at == "2026-01-02"
    assert any("taken for results" in r and "auc" in r for r in found.remarks)


@pytest.mark.parametrize("text", ["", "a,a\n1,2\n", "a,b\n1\n", "a,b\n1,2,3\n", 'a,b\n"1,2\n'])
def test_broken_tables_are_refused_whole(text: str, tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(text)
    with pytest.raises(UsageError):
        read("table", str(path))


def test_parquet_says_what_csv_says(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import csv, parquet

    (tmp_path / "runs.csv").write_text("learning_rate,ne\n0.001,0.8\n0.003,0.78\n")
    parquet.write_table(csv.read_csv(tmp_path / "runs.csv"), tmp_path / "runs.parquet")
    one, other = (brought(*read("table", str(tmp_path / f"runs.{kind}")).runs).insights for kind in ("csv", "parquet"))
    assert one == other != ()
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(UsageError):
        read("table", str(tmp_path / "bad.parquet"))
    assert pa.__version__
