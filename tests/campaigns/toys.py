"""The toy as a repository of its own, and a terminal on a campaign that runs on it with real processes."""

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from rea import app
from rea.api import deciding, starting
from rea.api.campaigns import state_of
from rea.domain.campaign import Campaign
from rea.domain.ids import CampaignId
from rea.settings import Settings
from rea.store.journal import SqlJournal

TOY = Path(__file__).parents[2] / "examples" / "toy"
KEPT = ("rate", "crosses")  # levers enough for every phase, few enough for a minute
BUDGET_S = 50.0
PATIENCE_S = 150.0


def repository(folder: Path, *, prelude: str = "", ending: str = "", limit_s: int = 2) -> Path:
    """Commit a small toy: two levers and a limit of its own. Every training first leaves a mark beside its output folder."""
    shutil.copytree(TOY, folder)
    told = folder / "workload.toml"
    head, *levers = told.read_text().split("[[lever]]")
    levers[-1], tail = levers[-1].split("[[fidelity]]", 1)
    kept = [lever for lever in levers if any(f'name = "{name}"' in lever for name in KEPT)]
    told.write_text(
        "[[lever]]".join([head, *kept]) + "[[fidelity]]" + tail.replace("limit_s = 4", f"limit_s = {limit_s}")
    )
    script = folder / "train.py"
    start = 'if __name__ == "__main__":\n'
    body = script.read_text().replace(start + "    main()\n", "")
    script.write_text(f"{body}\n{MARK}\n{start}    mark()\n{_indented(prelude)}    main()\n{_indented(ending)}")
    commit(folder)
    return folder


MARK = '''
def mark():
    """Leave a line beside the output folder, so that a second start of one job would show."""
    import sys
    with open(Path(sys.argv[sys.argv.index("--out") + 1]).parent / "starts", "a") as file:
        file.write("started\\n")
'''


def _indented(code: str) -> str:
    return "".join(f"    {line}\n" for line in code.splitlines())


def commit(folder: Path) -> None:
    """Commit everything in ``folder``, which need not be a repository yet."""
    git = ("git", "-C", str(folder), "-c", "user.name=toy", "-c", "user.email=toy@localhost")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "toy")):
        subprocess.run((*git, *words), check=True)


@dataclass(slots=True, kw_only=True)
class Terminal:
    """What a person at a terminal does with one campaign; nothing of it stays behind between calls."""

    config: Settings
    campaign: CampaignId
    log: SqlJournal = field(init=False)

    def __post_init__(self) -> None:
        self.log = app.journal(self.config)

    @property
    def state(self) -> Campaign:
        return state_of(self.log, self.campaign)

    @property
    def jobs(self) -> Path:
        return self.config.campaign(self.campaign) / "jobs"

    def approve(self) -> None:
        """Sign or approve what waits, by its digest, and knock."""
        c = self.state
        waits = c.plan if c.signed is not None else c.checklist
        assert waits is not None
        deciding.approve(self.log, self.campaign, c, waits.digest, "ann")
        self.wake()

    def wake(self) -> None:
        starting.wake(self.config, self.campaign)

    def until(self, seen: Callable[[Campaign], bool], patience_s: float = PATIENCE_S) -> Campaign:
        """Look on, and do nothing, until ``seen``: ended jobs wake the campaign."""
        began = time.monotonic()
        while time.monotonic() - began < patience_s:
            c = self.state
            if seen(c):
                return c
            time.sleep(0.1)
        raise AssertionError(f"not after {patience_s:.0f} s: {self.state.ledger}, paused: {self.state.paused!r}")

    def starts(self) -> Counter[str]:
        """Return how often each job's training began, by the marks it left itself."""
        marks = self.jobs.glob("*/starts")
        told = {path.parent.name: len(path.read_text().splitlines()) for path in marks}
        return Counter({job: n for job, n in told.items() if not job.startswith("smoke.")})

    def processes(self) -> list[psutil.Process]:
        """Return every process that names this state, ourselves aside: wakes, wrappers and trainings."""
        named = str(self.config.state)
        return [p for p in psutil.process_iter(["cmdline"]) if any(named in w for w in p.info["cmdline"] or ())]

    def stop(self) -> None:
        """Leave nothing running."""
        if not self.state.ended:
            deciding.stop(self.log, self.campaign, "the test is over", "ann")
            self.wake()
            self.until(lambda c: c.ended)


def checked(folder: Path, state: Path, budget_s: float = BUDGET_S, slots: int = 2, sandbox: str = "off") -> Terminal:
    """Open a campaign on ``folder`` whose checklist waits for a signature."""
    config = Settings(state=state, slots=slots)
    name = starting.check(config, starting.Request(repository=folder, budget_s=budget_s, sandbox=sandbox))
    return Terminal(config=config, campaign=name)


def planned(c: Campaign) -> bool:
    return c.plan is not None and not c.approved


def at_rest(c: Campaign) -> bool:
    return c.ended or bool(c.paused)
