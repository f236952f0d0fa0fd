"""A small git repository with a training that records what it saw, in place of one that trains."""

import subprocess
import sys
from pathlib import Path

from rea.domain.change import BASELINE, Change
from rea.domain.experiment import Phase, Purpose
from rea.domain.ids import ExperimentId, JobId
from rea.domain.job import Job
from rea.domain.workload import Workload
from rea.executor.materialise import LocalWorkspace, establish, reopen
from rea.executor.materialise.cell import Cell
from rea.executor.workload import parse

DECLARED = """
name = "toy"
[command]
argv = ["{python}", "-m", "pkg", "--data", "{data}", "--out={out}", "--seed", "{seed}", "{resume}", "{overrides}"]
resume = ["--resume", "{checkpoint}"]
checkpoint = "checkpoint"
claims = "run.json"
environment = { OMP_NUM_THREADS = "1" }
[data]
path = "data/log.csv"
label = "click"
format = "csv"
[[lever]]
name = "lr"
type = "float"
role = "learning_rate"
default = 0.1
low = 0.01
high = 1.0
[[fidelity]]
name = "half"
share = 0.5
overrides = { epochs = 1, lr = 0.3 }
resumable = true
[[fidelity]]
name = "full"
[paths]
editable = ["pkg/", "conf/*.yaml"]
protected = ["pkg/metrics.py"]
[resources]
time_limit_s = 60
silence_limit_s = 30
"""

PROGRAM = """
import json, os, sys
from pathlib import Path
import pkg
seen = {"argv": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ), "pkg": pkg.__file__, "value": pkg.VALUE}
out = Path(next(a for a in sys.argv if a.startswith("--out=")).split("=", 1)[1])
(out / "seen.json").write_text(json.dumps(seen))
"""


def git(repository: Path, *words: str) -> str:
    author = ("-c", "user.name=A User", "-c", "user.email=user@example.org")
    done = subprocess.run(("git", "-C", str(repository), *author, *words), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(folder: Path) -> Path:
    """Make a repository with one commit: a package, its data, a workload.toml."""
    for name in ("pkg", "conf", "data"):
        (folder / name).mkdir(parents=True)
    (folder / "workload.toml").write_text(DECLARED)
    (folder / "pkg/__init__.py").write_text("VALUE = 'committed'\n")
    (folder / "pkg/__main__.py").write_text(PROGRAM)
    (folder / "pkg/metrics.py").write_text("A = 1\n")
    (folder / "conf/a.yaml").write_text("lr: 0.1\n")
    (folder / "data/log.csv").write_text("click,split\n1,test\n")
    git(folder, "init", "-q")
    return folder


def commit(folder: Path, message: str = "a change") -> str:
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def workload() -> Workload:
    return parse(DECLARED)


def workspace(
    campaign: Path, repository: Path, ours: dict[str, str] | None = None, cell: Cell | None = None
) -> LocalWorkspace:
    """Establish and reopen a workspace whose views exist."""
    establish(
        campaign,
        repository,
        git(repository, "rev-parse", "HEAD"),
        sys.executable,
        ours or {"PATH": "/usr/bin:/bin"},
        cell,
    )
    (campaign / "data").mkdir(exist_ok=True)
    for name in ("select", "confirm"):
        (campaign / "data" / f"{name}.csv").write_text("click,split\n,test\n")
    return reopen(campaign, workload())


def job(
    name: str = "e1.select.s0.a0",
    *,
    change: Change = BASELINE,
    adjustment: Change = BASELINE,
    purpose: Purpose = Purpose.SELECT,
    fidelity: str = "full",
    resumes: str | None = None,
) -> Job:
    return Job(
        id=JobId(name),
        experiment=ExperimentId("e1"),
        index=0,
        purpose=purpose,
        phase=Phase.VALIDATION,
        attempt=0,
        seed=7,
        fidelity=fidelity,
        change=change,
        adjustment=adjustment,
        resumes=None if resumes is None else JobId(resumes),
    )
