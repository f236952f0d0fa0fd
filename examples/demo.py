"""The main job from end to end, as an engineer would run it: `make demo`, or `make demo NULL=1` on levers that do nothing.

It exits with 0 only if the promised outcome was reached: a confirmed improvement and at least a quarter of what is reachable; or, on
inert levers, nothing promoted. A batch that does not fit the memory limit is planted among the ideas, for the runbook to deal with.
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / "demo-run"
REPOSITORY, STATE = RUN / "ranking", RUN / "state"
REA = [sys.executable, "-P", "-m", "rea.cli"]
BUDGET = "540s"
LEAST_REACH = 0.25
IDEAS = """\
[[idea]]
statement = "Much larger batches give gradients with less noise."
why = "Planted: the batch does not fit the memory limit, so the runbook has to split it and accumulate."
set = { batch_size = 131072 }
predicted = 0.001
"""


def rea(*words: str, codes: tuple[int, ...] = (0,), quiet: bool = False) -> str:
    """Run one command, show what it prints, and return that."""
    print(f"\n$ rea {' '.join(words)}", flush=True)
    called = [*REA, *words, "--state", str(STATE)]
    done = subprocess.run(called, check=False, stdout=subprocess.PIPE if quiet else None, text=True)
    if done.returncode not in codes:
        raise SystemExit(f"demo: rea {words[0]} ended with {done.returncode}")
    return done.stdout or ""


def only_inert_levers(path: Path) -> None:
    """Rewrite workload.toml so that it declares nothing but levers that change nothing."""
    head, *levers = path.read_text().split("[[lever]]\n")
    tail = levers[-1][levers[-1].index("\n[") :] if "\n[" in levers[-1] else ""
    inert = [lever.split("\n[")[0].rstrip() + "\n\n" for lever in levers if 'name = "inert_' in lever]
    path.write_text(head + "".join(f"[[lever]]\n{lever}" for lever in inert) + tail)
    for words in (["add", "workload.toml"], ["-c", "user.name=demo", "-c", "user.email=demo@localhost", "commit", "-qm", "inert levers only"]):
        subprocess.run(["git", "-C", str(REPOSITORY), *words], check=True)


def facts(campaign: str) -> dict[str, object]:
    """Return what the report's last line is made of."""
    from rea import app
    from rea.api import reading
    from rea.api.campaigns import state_of
    from rea.domain.ids import CampaignId
    from rea.settings import settings

    c = state_of(app.journal(settings(STATE)), CampaignId(campaign))
    return {"campaign": c, "experiments": len(c.experiments), "handled": reading.handled(c)}


def main() -> int:
    null = "--null" in sys.argv
    shutil.rmtree(RUN, ignore_errors=True)
    RUN.mkdir()
    began = time.monotonic()
    rea("init", str(REPOSITORY), "--example", "ranking", "--setting", "demo")
    ideas = RUN / "ideas.toml"
    ideas.write_text(IDEAS)
    if null:
        only_inert_levers(REPOSITORY / "workload.toml")
    extra = [] if null else ["--ideas", str(ideas)]
    python = str(ROOT / ".venv-ranking" / "bin" / "python")
    rea("start", str(REPOSITORY), "--budget", BUDGET, "--slots", "2", "--sign", "--by", "demo", "--python", python, *extra)
    rea("watch", codes=(10,))
    plan = json.loads(rea("plan", "--json", codes=(10,), quiet=True))
    rea("plan", codes=(10,))
    rea("approve", "--digest", plan["digest"], "--by", "demo")
    rea("watch", codes=(0, 12, 14))
    rea("status")
    rea("report")
    name = json.loads(rea("status", "--json", quiet=True))["campaign"]
    return verdict(facts(name), time.monotonic() - began, null)


def verdict(found: dict[str, object], seconds: float, null: bool) -> int:
    """Print the last line and return the exit code."""
    from rea.domain.campaign import Campaign
    from rea.domain.proposal import Outcome

    c = found["campaign"]
    assert isinstance(c, Campaign)
    proposal = c.proposal
    if null:
        promoted = proposal is None or proposal.outcome is not Outcome.NO_WINNER
        said = proposal.reason if proposal else c.paused
        print(f"demo: null campaign, {'something was promoted' if promoted else 'nothing promoted'} ({said}), "
              f"{found['experiments']} experiments, {found['handled']} failures handled, {seconds:.0f} s")
        return int(promoted)
    if proposal is None or proposal.finding is None or proposal.reach is None:
        print(f"demo: no confirmed improvement ({proposal.reason if proposal else c.paused}), {found['experiments']} experiments, "
              f"{found['handled']} failures handled, {seconds:.0f} s")
        return 1
    effect = proposal.finding.effect
    print(f"demo: NE {-effect.value:+.2%} [{-effect.high:+.2%}, {-effect.low:+.2%}] on the sealed test set, ".replace("%", " %")
          + f"{proposal.reach:.0%} of the reachable improvement, ".replace("%", " %")
          + f"{found['experiments']} experiments, {found['handled']} failures handled, {seconds:.0f} s")
    good = proposal.outcome is Outcome.WINNER and effect.low > 0 and proposal.reach >= LEAST_REACH and found["handled"]
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
