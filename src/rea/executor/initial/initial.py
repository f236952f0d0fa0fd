"""A first workload.toml, commented: what was found is stated, what is unsure is marked TODO."""

from collections.abc import Iterator
from pathlib import Path

from rea.domain.errors import UsageError
from rea.domain.lever import Role
from rea.executor.initial.columns import DataFile
from rea.executor.initial.guess import habit_of
from rea.executor.initial.lever_lines import lever_lines
from rea.executor.initial.plumbing import Plumbing, plumbing_of
from rea.executor.initial.quoting import listed, quoted
from rea.executor.initial.survey import Survey, survey
from rea.executor.workload.parse import FILE


def write_initial(repository: Path) -> Path:
    """Write a first workload.toml into ``repository`` and return its path.

    Raises:
        UsageError: there is one already, or ``repository`` is no folder.
    """
    path = repository / FILE
    if path.exists():
        raise UsageError(f"{path} exists already and is left as it is", f"edit it, then run `rea check {repository}`")
    text = initial(repository)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path


def initial(repository: Path) -> str:
    """Return the text of a first workload.toml for ``repository``. Raises WorkloadError where it is no folder."""
    seen = survey(repository)
    plumbing = plumbing_of(seen.options)
    parts = (
        _head(seen),
        _command(seen, plumbing),
        _data(seen, plumbing),
        _metric(seen),
        _runs(seen),
        _paths(seen),
        lever_lines(seen.options, plumbing.all),
    )
    return "\n".join(line for part in parts for line in (*part, ""))


def _head(seen: Survey) -> Iterator[str]:
    yield "# What rea needs to know about this repository. Correct what is marked TODO, then run: rea check . --budget 2h"
    yield f"name = {quoted(''.join(c if c.isalnum() or c in '._-' else '-' for c in seen.name).strip('._-') or 'workload')}"


def _command(seen: Survey, plumbing: Plumbing) -> Iterator[str]:
    hydra = seen.script is not None and seen.script.hydra is not None
    yield "[command]"
    yield "# {python} {data} {out} {seed} are filled in; {overrides} becomes one `override` for each lever that is turned."
    if seen.others:
        yield f"# Other scripts that can be run: {', '.join(seen.others)}"
    if seen.script is None:
        yield "# TODO: no training script was found; name it."
    for purpose, what in (("data", "the data file"), ("seed", "the random seed")):
        if getattr(plumbing, purpose) is None:
            yield f"# TODO: no option for {what} was found; rea has to be able to set it: add one, and put {{{purpose}}} there."
    if plumbing.out is None and plumbing.predictions is None:
        yield "# TODO: no option for the output was found; predictions have to be written into {out}."
    yield f"argv = {listed(_argv(seen, plumbing, hydra))}"
    yield f"override = {listed(['{name}={value}'] if hydra else ['--{name}', '{value}'])}"
    yield "# Row id and prediction (a probability) of every row with split = test, in the order of the data; Parquet or CSV."
    if plumbing.predictions is None:
        yield "# TODO: the file that the training writes them to, within {out}."
    yield f"predictions = {quoted(_predictions(plumbing))}"
    yield '# checkpoint = "last.pt"              # with `resume`: what a cheap run leaves for the full one to go on from'
    yield '# resume = ["--resume", "{checkpoint}"]'
    yield '# claims = "run.json"                 # a JSON object with latency_us or model_mb, for guardrails'
    yield 'python = "python"                     # looked for in .venv, then on the PATH; or rea check --python PATH'
    yield 'environment = { OMP_NUM_THREADS = "1" }'


def _argv(seen: Survey, plumbing: Plumbing, hydra: bool) -> list[str]:
    words = ["{python}", seen.script.path if seen.script else "train.py"]
    filled = [
        (plumbing.data, "{data}"),
        (plumbing.out, "{out}"),
        (plumbing.predictions, f"{{out}}/{_predictions(plumbing)}"),
    ]
    for option, value in (*filled, (plumbing.seed, "{seed}")):
        if option is not None:
            words += [f"{option.name}={value}"] if hydra else [f"--{option.name}", value]
    return [*words, *(["hydra.run.dir={out}/hydra"] if hydra else []), "{overrides}"]


def _predictions(plumbing: Plumbing) -> str:
    stated = plumbing.predictions.default if plumbing.predictions else None
    return Path(stated).name if isinstance(stated, str) and Path(stated).suffix else "predictions.csv"


def _data(seen: Survey, plumbing: Plumbing) -> Iterator[str]:
    found = seen.data[0] if seen.data else None
    stated = plumbing.data.default if plumbing.data else None
    path = found.path if found else stated if isinstance(stated, str) and stated else "data/train.parquet"
    yield "[data]"
    yield "# One table with all rows. A column says train, valid or test; the labels of test rows and of half of the valid rows are sealed."
    if found is None:
        yield "# TODO: no data file was found. Name it, or state how it is made:"
        yield '# generate = ["{python}", "make_data.py", "{path}", "--seed", "{seed}"]'
    yield f"path = {quoted(path)}"
    yield f"format = {quoted('csv' if path.endswith('.csv') else 'parquet')}"
    yield from _columns(found)
    yield "# withheld = 0                        # what stands in a withheld label, if the training cannot read a missing one"
    yield '# oracle = "p_true"                   # best possible probability, where the data is synthetic; jobs never see it'


def _columns(found: DataFile | None) -> Iterator[str]:
    if found is not None:
        yield f"# columns: {', '.join(found.columns[:40])}"
    for key, default, what in (
        ("label", "click", "the column with 0 and 1"),
        ("split", "split", "the column with train, valid and test"),
    ):
        named = found.meaning(key) if found else ""
        if not named:
            yield f"# TODO: {what}"
        yield f"{key} = {quoted(named or default)}"
    for key, what in (
        ("row_id", "rows are numbered in file order without it"),
        ("day", "a day number or date"),
        ("group", "GAUC's groups"),
    ):
        named = found.meaning(key) if found else ""
        yield f"{key} = {quoted(named)}" if named else f'# {key} = "{key}"   # {what}'
    slices = found.slices if found else ()
    yield (
        f"slices = {listed(slices)}"
        if slices
        else '# slices = ["device", "country"]     # metrics are also told by these'
    )


def _metric(seen: Survey) -> Iterator[str]:
    yield "[metric]"
    yield 'primary = "ne"                        # ne (normalized entropy), log_loss, auc or gauc'
    yield ""
    yield "# What may not get worse, or out of bounds: a judge metric, cost, latency_us or model_mb."
    yield "[[guardrail]]"
    yield 'metric = "calibration"                # mean prediction / mean label'
    yield "low = 0.85"
    yield "high = 1.18"


def _runs(seen: Survey) -> Iterator[str]:
    yield "# Cheaper runs first; the last is the full one. TODO: a cheaper one saves most of the budget, such as a share of the rows:"
    yield "# [[fidelity]]"
    yield '# name = "third"'
    yield "# share = 0.33                        # of the cost of the full run"
    yield "# overrides = { rows = 0.33 }"
    yield ""
    yield "[[fidelity]]"
    yield 'name = "full"'
    yield ""
    yield "# A training that ends within seconds, to find mistakes early."
    yield "[smoke]"
    epochs = next((o for o in seen.options if (h := habit_of(o)) and h.role is Role.EPOCHS), None)
    yield f"overrides = {{ {quoted(epochs.name)} = 1 }}" if epochs else "overrides = {}   # TODO: one epoch, few rows"
    yield ""
    yield "[resources]                           # of one job"
    yield "time_limit_s = 3600"
    yield "silence_limit_s = 900                 # a job that prints nothing for so long is taken to hang"
    yield "# memory_mb = 8000"
    yield "# devices = 1"
    yield ""
    yield "# [price]"
    yield "# per_hour = 1.20                     # money for a device-hour, shown beside the estimates"


def _paths(seen: Survey) -> Iterator[str]:
    yield "[paths]"
    script = [seen.script.path] if seen.script and "/" not in seen.script.path else []
    yield f"editable = {listed([*seen.folders, *script])}"
    yield f"protected = {listed([FILE])}"
    yield "# [tests]                             # what a patch has to pass before it is tried"
    yield """# argv = ["{python}", "-m", "pytest", "-q"]"""
    yield "# [curve]                             # JSON lines that a training writes in {out} as it gets on: the hopeless are stopped"
    yield '# path = "metrics.jsonl"'
    yield "# [seal]                              # what jobs may read beside tree, data and interpreter, where they run in a sandbox"
    yield "# read = []"
