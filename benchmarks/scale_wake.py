"""One process of ``scale.py``: prints in one word what it did, its memory at the peak in MB, and the seconds that verdicts took in it.

scale_wake.py wake STATE CAMPAIGN ENDED [keep]   the gate, and a wake that finds the first ENDED of the running jobs ended
scale_wake.py replay STATE CAMPAIGN          the state from all events, as a wake of a newer program does, and its snapshot
scale_wake.py rebuild STATE CAMPAIGN         the ledgers of all campaigns from their events
"""

import gc
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from rea import gate

JOB_S = 60.0
verdicts_s = 0.0  # that the verdicts of this process took, the library of distributions that they load included


def judged(verdicts: Callable[..., object]) -> Callable[..., object]:
    """Return ``verdicts``, with a clock beside it."""

    def timed(*of: object) -> object:
        global verdicts_s
        began = time.perf_counter()
        found = verdicts(*of)
        verdicts_s += time.perf_counter() - began
        return found

    return timed


def peak_mb() -> float:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
    return float(line.split()[1]) / 1000


def wake(state: Path, campaign: str, ended: str = "0", keeps: str = "") -> str:
    """Wake through the gate, with only jobs and judge replaced, and say what kind of wake it was."""
    gc.set_threshold(gate.OBJECTS)  # as the gate does before it imports what is imported here already
    from rea import app
    from rea.campaign import recall as recalling
    from rea.knowledge import decide

    recalling.WORTH = 0 if keeps else recalling.WORTH
    real = app.ports
    made: list[Watched] = []

    def ports(config, recall, entries, lease=None):  # type: ignore[no-untyped-def]
        world = simulated(recall, int(ended))
        found = real(config, recall, entries, lease)
        made.append(Watched(found.journal))
        return replace(
            found,
            journal=made[0],
            backend=world.backend,
            judge=world.ports.judge,
            workspace=world.ports.workspace,
        )

    app.ports = ports
    decide.findings = judged(decide.findings)
    gate.main([str(state), campaign])
    kinds = {type(event) for watched in made for event in watched.appended}
    return "a-snapshot-is-kept" if keeps else kind_of(kinds)


def kind_of(kinds: set[type]) -> str:
    """Return what kind of wake it is that appended events of these kinds."""
    from rea.domain import event as e

    told = {
        e.Concluded: "the-campaign-is-concluded",
        e.PhaseClosed: "a-phase-is-closed",
        e.InsightsRecorded: "job-ended-to-next-launch-and-insights-kept",
        e.Suggested: "the-search-is-asked-and-jobs-launched",
        e.JobSubmitted: "job-ended-to-next-launch",
    }
    return next((name for kind, name in told.items() if kind in kinds), "something-told" if kinds else "jobs-still-run")


@dataclass
class Watched:
    """The journal, and what was appended to it."""

    journal: object
    appended: list[object] = field(default_factory=list)

    def append(self, campaign, events, *, expected=None):  # type: ignore[no-untyped-def]
        self.appended += events
        return self.journal.append(campaign, events, expected=expected)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self.journal, name)


def simulated(recall, ended: int):  # type: ignore[no-untyped-def]
    """Return a world of which the first ``ended`` of the campaign's running jobs have ended, and whatever is launched runs on."""
    from rea.executor.backends.simulated import Run
    from rea.executor.jobs import live
    from rea.testing.simulation import Truth, World

    class Known(dict):  # type: ignore[type-arg]
        def __missing__(self, job: str) -> object:
            return recall.state.jobs[job].job

    world = World(truth=Truth(effects={f"lever{n}": 0.01 / (n + 1) for n in range(6)}), jobs=Known(), clock=time.time())
    for number, job in enumerate(live(recall.now())):
        run = Run(seconds=JOB_S) if number < ended else Run(seconds=1e9)
        world.backend.started[job] = (world.clock - JOB_S - 1, run)
    return world


def replay(state: Path, campaign: str) -> str:
    from rea import app
    from rea.settings import settings
    from rea.store.snapshots import SqlSnapshots

    config = settings(state)
    SqlSnapshots(app.database(config)).clear()
    recall = app.recall_of(config, campaign)
    recall.now()
    recall.keep()
    return "replayed"


def rebuild(state: Path, _: str) -> str:
    from rea import app
    from rea.settings import settings
    from rea.store.rebuild import rebuild

    rebuild(app.database(settings(state)))
    return "rebuilt"


if __name__ == "__main__":
    does = {"wake": wake, "replay": replay, "rebuild": rebuild}[sys.argv[1]]
    print(does(Path(sys.argv[2]), *sys.argv[3:]), peak_mb(), f"{verdicts_s:.4f}")
    gate.leave(0)
