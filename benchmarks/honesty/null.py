"""Real null campaigns: real trainings of the built-in ranker on a small log, every lever inert, other seeds in every arm. Nothing may be launched.

    python benchmarks/honesty/null.py          # N=20; an interrupted run goes on where it stopped

One campaign after the other, as an engineer runs them: rea init, start, approve, and the report's proposal. What each came to is a line of
benchmarks/honesty/null.jsonl at once. The budget is what some 45 trainings cost on this machine at that moment, measured before each campaign.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rea import app
from rea.api.campaigns import state_of
from rea.domain.campaign import Campaign
from rea.domain.ids import CampaignId
from rea.domain.proposal import Outcome
from rea.settings import settings

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).with_name("null.jsonl")
WORK = ROOT / "build" / "null"
REA = [sys.executable, "-P", "-m", "rea.cli"]
PYTHON = ROOT / ".venv-ranking" / "bin" / "python"
TRAININGS = 45  # that a budget pays for
LIMIT, LEAST_LIMIT_S, GRACE_S = 5, 20, 10  # a training may take so many times what it took before, or this long
HELD = 4.5  # trainings at their limit that a budget has to hold at least, to be accepted
STEPS = ("epochs=4", "batch_size=256", "learning_rate=0.005")  # as many steps as the small log needs to be learnt


@dataclass(frozen=True, slots=True)
class Came:
    """What one campaign came to. ``launched``: it proposes a change, whether a guardrail asks for a person or not."""

    number: int
    launched: bool
    reason: str
    finalists: int
    experiments: int
    jobs: int
    seed_sd: float
    seconds: int
    commit: str


def main() -> int:
    """Run what is missing of N campaigns, and print what all came to."""
    wanted = int(os.environ.get("N", "20"))
    WORK.mkdir(parents=True, exist_ok=True)
    for number in range(wanted):
        if number not in {line["number"] for line in kept()}:
            came = campaign(number)
            with KEPT.open("a") as file:
                file.write(json.dumps(asdict(came)) + "\n")
            print(f"{number + 1}/{wanted}: {'LAUNCHED' if came.launched else 'nothing launched'} ({came.reason}), "
                  f"{came.jobs} jobs, {came.finalists} finalists, {came.seconds} s", flush=True)  # fmt: skip
    lines = kept()[:wanted]
    launched, opened = sum(line["launched"] for line in lines), sum(line["finalists"] > 0 for line in lines)
    print(f"null: {launched} of {len(lines)} real null campaigns launched something; {opened} opened the test rows; "
          f"{sum(line['jobs'] for line in lines)} trainings, {sum(line['seconds'] for line in lines) / max(1, len(lines)):.0f} s each")  # fmt: skip
    return int(launched > 1 or len(lines) < wanted)


def kept() -> list[dict[str, int]]:
    return [json.loads(line) for line in KEPT.read_text().splitlines()] if KEPT.exists() else []


def campaign(number: int) -> Came:
    """Run one campaign to its end."""
    place = WORK / f"{number:02d}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    began, repository, state = time.monotonic(), place / "ranking", place / "state"
    rea(state, "init", str(repository), "--example", "ranking", "--setting", "tiny")
    once_s = training_s(repository, place)
    limit_s = max(LEAST_LIMIT_S, round(LIMIT * once_s))
    only_inert(repository, limit_s)
    budget_s = round(max(TRAININGS * once_s, HELD * (limit_s + GRACE_S)))
    rea(
        state,
        "start",
        str(repository),
        "--budget",
        f"{budget_s}s",
        "--slots",
        "2",
        "--sign",
        "--by",
        "bench",
        "--python",
        str(PYTHON),
    )
    rea(state, "watch", codes=(10,))
    rea(state, "approve", "--digest", json.loads(rea(state, "plan", "--json", codes=(10,)))["digest"], "--by", "bench")
    rea(state, "watch", codes=(0, 12, 14))
    name = json.loads(rea(state, "status", "--json"))["campaign"]
    came = told(number, state_of(app.journal(settings(state)), CampaignId(name)), time.monotonic() - began)
    shutil.rmtree(place)
    return came


def told(number: int, c: Campaign, seconds: float) -> Came:
    """Return what a campaign came to; one that did not conclude counts as launched, so that nothing is passed over."""
    outcome = c.proposal.outcome if c.proposal else None
    return Came(
        number=number,
        launched=outcome is not Outcome.NO_WINNER,
        reason=c.proposal.reason if c.proposal else c.paused,
        finalists=len({f.experiment for f in c.findings.values() if f.phase == "confirmation"}),
        experiments=len(c.experiments),
        jobs=len(c.jobs),
        seed_sd=round(c.calibrated.sd_of(c.setup.full.name), 5),
        seconds=round(seconds),
        commit=subprocess.run(("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"), check=True, capture_output=True, text=True).stdout.strip(),
    )  # fmt: skip


def rea(state: Path, *words: str, codes: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run([*REA, *words, "--state", str(state)], check=False, capture_output=True, text=True)
    if done.returncode not in codes:
        raise SystemExit(f"rea {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def training_s(repository: Path, place: Path) -> float:
    """Return how long one training takes here and now."""
    data = next((repository / "data").glob("*.parquet"), None) or place / "timing.parquet"
    run = {"cwd": repository, "check": True, "capture_output": True, "env": {**os.environ, "OMP_NUM_THREADS": "1"}}
    if not data.exists():
        subprocess.run(
            [PYTHON, "-m", "ranker.synthetic", "--setting", "tiny", "--seed", "1", "--out", str(data)], **run
        )  # type: ignore[call-overload]
    began = time.monotonic()
    subprocess.run(
        [PYTHON, "-m", "ranker.train", "--data", str(data), "--out", str(place / "timing"), "--seed", "1", *STEPS],
        **run,
    )  # type: ignore[call-overload]
    return time.monotonic() - began


def only_inert(repository: Path, limit_s: int) -> None:
    """Leave only the levers that change nothing, one fidelity, no guardrail, and a limit for short trainings; commit that."""
    path = repository / "workload.toml"
    head, *levers = path.read_text().split("[[lever]]\n")
    inert = [lever.split("\n[")[0].rstrip() + "\n\n" for lever in levers if 'name = "inert_' in lever]
    head = re.sub(r"\[\[(?:fidelity|guardrail)\]\]\n(?:.+\n)+\n", "", head)
    head = re.sub(r"time_limit_s = \d+", f"time_limit_s = {limit_s}", head)
    steps = ", ".join(f'"{step}"' for step in STEPS)
    head = head.replace('"{resume}", "{overrides}"', f'{steps}, "{{resume}}", "{{overrides}}"')
    path.write_text(head + "".join(f"[[lever]]\n{lever}" for lever in inert))
    for words in (
        ["add", "workload.toml"],
        ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-qm", "inert levers only"],
    ):
        subprocess.run(["git", "-C", str(repository), *words], check=True)


if __name__ == "__main__":
    sys.exit(main())
