"""workload.toml: what is right is read whole, what is wrong is told with its place, all of it at once."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from rea.domain.errors import WorkloadError
from rea.domain.lever import LeverType, Role
from rea.domain.workload import Fidelity, MetricName, Workload
from rea.executor.workload import load, parse, schema

GOOD = """
name = "toy"
[command]
argv = ["{python}", "train.py", "--data={data}", "--out={out}", "--seed", "{seed}", "{resume}", "{overrides}"]
override = ["--{name}", "{value}"]
resume = ["--resume", "{checkpoint}"]
checkpoint = "last.pt"
claims = "run.json"
environment = { OMP_NUM_THREADS = "1" }
[data]
path = "clicks.csv"
label = "click"
day = "day"
slices = ["device"]
format = "csv"
withheld = -1
[metric]
primary = "log_loss"
[[guardrail]]
metric = "auc"
slice = "device"
margin = 0.01
[[guardrail]]
metric = "latency_us"
high = 50
[[lever]]
name = "lr"
type = "float"
role = "learning_rate"
default = 1e-3
low = 1e-5
high = 1
log = true
[[lever]]
name = "opt"
type = "choice"
role = "optimizer"
default = "adam"
choices = ["adam", "sgd"]
[[lever]]
name = "bn"
type = "bool"
role = "normalisation"
default = false
[[fidelity]]
name = "half"
share = 0.5
overrides = { epochs = 1, fast = true }
resumable = true
[[fidelity]]
name = "full"
[smoke]
overrides = { rows = 0.02 }
[paths]
editable = ["model/"]
protected = ["metrics.py"]
[resources]
memory_mb = 500
time_limit_s = 60
[bound]
value = 0.3
source = "a paper"
[price]
per_hour = 2.5
[limits]
largest_plausible_effect = 0.2
[seal]
sandbox = "required"
read = ["/data/embeddings"]
[tests]
argv = ["{python}", "-m", "pytest"]
[curve]
path = "metrics.jsonl"
step = "epoch"
"""


def wrong(old: str, new: str) -> str:
    """Return the message for GOOD with one place altered."""
    assert GOOD.count(old) >= 1, old
    with pytest.raises(WorkloadError) as caught:
        parse(GOOD.replace(old, new, 1))
    assert caught.value.hint
    return caught.value.message


def test_everything_that_is_said_arrives() -> None:
    workload = parse(GOOD)
    assert workload.primary is MetricName.LOG_LOSS
    assert workload.command.environment == (("OMP_NUM_THREADS", "1"),)
    assert [lever.role for lever in workload.levers] == [Role.LEARNING_RATE, Role.OPTIMIZER, Role.NORMALISATION]
    assert workload.levers[1].type is LeverType.CHOICE
    assert workload.fidelities[0].overrides == (("epochs", 1), ("fast", True))
    assert workload.full == Fidelity(name="full")
    assert workload.smoke == (("rows", 0.02),)
    assert workload.protected == ("metrics.py", "workload.toml")
    assert workload.data.withheld == -1
    assert workload.bound is not None and workload.bound.value == 0.3
    assert workload.curve is not None and (workload.curve.step, workload.curve.value) == ("epoch", "ne")
    assert (workload.price_per_hour, workload.largest_plausible_effect) == (2.5, 0.2)


def test_reading_twice_gives_equal_values() -> None:
    assert parse(GOOD) == parse(GOOD)
    assert isinstance(parse(GOOD), Workload)


def test_the_built_in_codebase_is_declared_right() -> None:
    workload = load(Path(__file__).parents[3] / "src/rea/workloads/ranking")
    assert len(workload.levers) > 40
    assert workload.rung_below("full") == workload.fidelity("third")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('path = "metrics.jsonl"', 'path = "../metrics.jsonl"', "has to lie in"),
        (
            'role = "learning_rate"',
            'rolle = "learning_rate"',
            "[[lever]] 1 (lr): unknown key 'rolle', did you mean 'role'?",
        ),
        ('name = "toy"', 'nmae = "toy"', "unknown key 'nmae', did you mean 'name'?"),
        ("[metric]", "[metrics]", "unknown key 'metrics', did you mean 'metric'?"),
        ("margin", "margn", "[[guardrail]] 1 (auc): unknown key 'margn', did you mean 'margin'?"),
        ('role = "learning_rate"', 'role = "learning_rat"', "did you mean 'learning_rate'?"),
        ('primary = "log_loss"', 'primary = "logloss"', "[metric]: primary is 'logloss', did you mean 'log_loss'?"),
        ('primary = "log_loss"', 'primary = "calibration"', "no better or worse"),
        ('metric = "auc"', 'metric = "auk"', "[[guardrail]] 1 (auk): unknown metric, did you mean 'auc'?"),
        ("margin = 0.01", "margin = 0.01\nlow = 0.5", "either margin, or low and high"),
        ("margin = 0.01", "", "either margin, or low and high"),
        ("margin = 0.01", "low = 0.9\nhigh = 0.1", "low 0.9 is not below high 0.1"),
        ('slice = "device"', 'slice = "devise"', "did you mean 'device'?"),
        ('claims = "run.json"', "", "[[guardrail]] 2 (latency_us): needs claims in [command]"),
        ("default = 1e-3", "default = 1e-9", "default 1e-09 is no float between 1e-05 and 1"),
        ("default = 1e-3", "default = nan", "default is not a finite number"),
        ("low = 1e-5", "low = 2", "low 2.0 is not below high 1.0"),
        ("low = 1e-5", "low = -0.5", "log needs a low above 0"),
        ("low = 1e-5", "", "low and high are both needed"),
        ("low = 1e-5", 'low = "a"', "[[lever]] 1 (lr): low: has to be float, is str"),
        ('default = "adam"', 'default = "adma"', "none of the choices 'adam', 'sgd'"),
        ('choices = ["adam", "sgd"]', "choices = []", "needs at least two choices"),
        ("default = false", "default = 0", "neither true nor false"),
        ('name = "opt"', 'name = "lr"', "has the same name as [[lever]] 1"),
        ("share = 0.5", "share = 1.5", "cheapest first"),
        ("share = 0.5", "share = 0.0", "share 0.0 is not above 0"),
        ('name = "full"', 'name = "full"\nshare = 0.9', "the last is the full run: share 1.0, not 0.9"),
        ('name = "full"', 'name = "half"', "two are called 'half'"),
        (
            "overrides = { epochs = 1, fast = true }",
            "overrides = { epochs = [1] }",
            "[[fidelity]] 1 (half): overrides: has to be",
        ),
        ("[price]", "[prise]", "unknown key 'prise', did you mean 'price'?"),
        ("per_hour = 2.5", "per_hour = -1", "per_hour is negative"),
        ("per_hour = 2.5", "per_hour = inf", "per_hour is not a finite number"),
        ("= 0.2\n", "= 1.2\n", "largest_plausible_effect"),
        ("time_limit_s = 60", "time_limit_s = 0", "time_limit_s is 0"),
        ("time_limit_s = 60", "time_limit_s = 1.5", "[resources]: time_limit_s: has to be int, is float"),
        ('"model/"', '"../model"', "'../model' has to be relative to the repository"),
        ('"metrics.py"', '"model/"', "as both editable and protected"),
        ('format = "csv"', 'format = "tsv"', "format is 'tsv', did you mean 'csv'?"),
        ('label = "click"', "", "[data]: 'label' is missing"),
        ('label = "click"', 'label = "split"', "the column 'split' has two meanings"),
        ('label = "click"', 'label = "click"\ngenerate = ["make"]', "generate has no {path}"),
        ('"{seed}"', '"7"', "no {seed}: replicates would all be the same run"),
        ('"--data={data}"', '"--data=x"', "argv has no {data}"),
        ('"{overrides}"', '"x{overrides}"', "{overrides} has to be a token of its own"),
        ('"{python}"', '"{pyton}"', "argv holds {pyton}, which is not replaced here, did you mean '{python}'?"),
        ('"{resume}", ', "", "need each other"),
        ('checkpoint = "last.pt"', "", "resume needs checkpoint"),
        ('checkpoint = "last.pt"', 'checkpoint = "../other"', "a path inside {out}"),
        ('override = ["--{name}", "{value}"]', 'override = ["--{name}"]', "override has no {value}"),
        ('name = "toy"', 'name = "a b"', "use letters, digits"),
        ("[metric]", "[[metric]]", "has to be a table, written [metric]"),
        (
            '[[guardrail]]\nmetric = "auc"\nslice = "device"\nmargin = 0.01\n[[guardrail]]',
            "[guardrail]",
            "each written [[guardrail]]",
        ),
    ],
)
def test_one_wrong_thing(old: str, new: str, told: str) -> None:
    assert told in wrong(old, new)


def test_all_problems_are_told_together() -> None:
    text = GOOD.replace("role =", "rolle =").replace("time_limit_s", "time_limit").replace('name = "toy"', "name = 3")
    with pytest.raises(WorkloadError) as caught:
        parse(text, "repo/workload.toml")
    message = caught.value.message
    assert message.startswith("repo/workload.toml has 8 problems:")
    assert message.count("unknown key 'rolle'") == 3
    assert "did you mean 'time_limit_s'?" in message


def test_no_folder_no_file_no_toml_no_text(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="is no folder"):
        load(tmp_path / "nowhere")
    with pytest.raises(WorkloadError, match=r"there is no workload\.toml") as caught:
        load(tmp_path)
    assert "rea init" in caught.value.hint
    (tmp_path / "workload.toml").write_text("name = \n")
    with pytest.raises(WorkloadError, match="line 1"):
        load(tmp_path)
    (tmp_path / "workload.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(WorkloadError, match="not UTF-8"):
        load(tmp_path)


def test_the_schema_has_the_tables_of_the_parser() -> None:
    published = schema()
    tables: dict[str, Any] = published["$defs"]
    document = tables["Document"]
    assert set(document["required"]) == {"name", "command", "data"}
    assert document["additionalProperties"] is False
    assert set(tomllib.loads(GOOD)) == set(document["properties"])
    assert set(tables["Lever"]["required"]) == {"name", "type", "role", "default"}
    assert set(tables["Role"]["enum"]) == set(Role)
    assert tables["Command"]["properties"]["environment"]["type"] == "object"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('read = ["/data/embeddings"]', ""),
        ('read = ["embeddings"]', "absolute path"),
        ('read = ["/"]', "not all there is"),
        ('read = ["/a/../.."]', "absolute path"),
    ],
)
def test_what_a_confined_job_may_read_is_named(line: str, told: str) -> None:
    text = GOOD.replace('read = ["/data/embeddings"]', line)
    if not told:
        assert parse(text).seal.read == ("/data/embeddings",)
        return
    with pytest.raises(WorkloadError, match=told):
        parse(text)
