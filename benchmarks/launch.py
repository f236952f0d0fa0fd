"""From the end of a job to the next launch: a whole campaign on the toy, on this machine, woken by its jobs alone.

    python benchmarks/launch.py [--budget 50]

An end counts if the wake that saw it launched another job. From: the exit record that the job's wrapper wrote. To: the event that says the next
job was launched. Between the two lie the wrapper's knock, the start of Python, the journal, the decision and the launch. Exits 1 above the limit.
"""

import argparse
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from campaigns.toys import Terminal, at_rest, checked, planned, repository  # noqa: E402

from rea.api import starting  # noqa: E402
from rea.domain.event import Compared, JobEnded, JobSubmitted, Measured  # noqa: E402
from rea.executor.materialise.layout import place_of  # noqa: E402

LIMIT_S = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=float, default=50.0)
    budget_s = parser.parse_args().budget
    with tempfile.TemporaryDirectory(
        prefix="rea-launch-", ignore_cleanup_errors=True
    ) as name:  # a last wake may be there yet
        terminal = checked(repository(Path(name) / "toy"), Path(name) / "state", budget_s)
        starting.prepare(terminal.config)
        terminal.approve()
        terminal.until(lambda c: planned(c) or at_rest(c))
        terminal.approve()
        ended = terminal.until(at_rest)
        at_once, judged = latencies(terminal)
    print(f"{len(ended.jobs)} jobs")
    told("job end to next launch", at_once + judged)
    told("  of these, launched at once", at_once)
    told("  of these, chosen after the judge had spoken", judged)
    return int(median(at_once + judged) > LIMIT_S)


def told(name: str, found: list[float]) -> None:
    if len(found) > 1:
        deciles = quantiles(found, n=10)
        print(
            f"{name:46} {median(found):6.3f} s median of {len(found):3}, deciles {deciles[0]:.3f} to {deciles[-1]:.3f}, "
            f"{median(found) / LIMIT_S:.2f} of its limit ({LIMIT_S:g} s)"
        )


def latencies(terminal: Terminal) -> tuple[list[float], list[float]]:
    """Return the seconds from each job's end to the launch that followed, apart by whether the judge was asked in between."""
    directory, found = terminal.config.campaign(terminal.campaign), (list[float](), list[float]())
    since, judged = 0.0, False
    for recorded in terminal.log.read(terminal.campaign):
        match recorded.event:
            case JobEnded(job=job):
                since, judged = (place_of(directory, job).control / "exit").stat().st_mtime, False
            case Measured() | Compared():
                judged = True
            case JobSubmitted() if since:
                found[judged].append(datetime.fromisoformat(recorded.at).timestamp() - since)
                since = 0.0  # what is launched after it in the same wake had room before
    return found


if __name__ == "__main__":
    sys.exit(main())
