"""A campaign on Frappe for DCNv2 and for DeepFM: does the winner beat a competent default on the sealed test set?

    make bench-frappe [BUDGET=900s]        needs REA_DATA, the folder with frappe/frappe.parquet

The default is what short trainings on Frappe are known to need (batch norm, rate 3e-3, dropout 0.3, 4 epochs). Two jobs at a time.
Levers that name columns which Frappe does not have are taken out, and a pause over a result that looks too good to be true is looked at
and resumed, as an engineer would who knows how far the published figures lie from this default; Confirmation then decides.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rea import app
from rea.api import deciding, starting
from rea.api.campaigns import state_of
from rea.domain.campaign import Campaign
from rea.domain.ids import CampaignId
from rea.domain.proposal import Outcome
from rea.executor.initial import example
from rea.settings import Settings, settings

ROOT = Path(__file__).resolve().parent.parent
BUDGET_S = float(os.environ.get("BUDGET", "900s").rstrip("s"))
DEFAULT = {"normalisation": "batch", "learning_rate": "0.003", "dropout": "0.3", "epochs": "4"}
ELSEWHERE = (
    "field_drop",
    "crosses",
    "time_features",
    "position_debias",
    "recency_weighting",
    "data_window",
    "data_order",
    "inert_",
)
LOOKS = 5  # at results that look too good to be true
DATA = """[data]
path = "{path}"
label = "label"
split = "split"
group = "user"

"""


def repository(folder: Path, model: str, data: Path) -> Path:
    """Make the built-in codebase read Frappe with a competent default of one model, as an engineer would."""
    example("ranking", folder)
    toml = folder / "workload.toml"
    text = toml.read_text()
    head, rest = text[: text.index("[data]")], text[text.index("[metric]") :]
    base = {"model": model, **DEFAULT}
    words = "".join(f', "{name}={value}"' for name, value in {"label": "label", **base}.items())
    head = head.replace(', "{overrides}"]', f'{words}, "{{overrides}}"]')
    text = head + DATA.format(path=data) + rest
    first, *levers = text.split("[[lever]]")
    text = "[[lever]]".join(
        [
            first,
            *(each for each in levers if not each.strip().startswith(tuple(f'name = "{name}' for name in ELSEWHERE))),
        ]
    )
    for name, value in base.items():
        at = text.index(f'name = "{name}"\n')
        start = text.index("default = ", at)
        end = text.index("\n", start)
        written = f'"{value}"' if name in ("model", "normalisation") else value
        text = text[:start] + f"default = {written}" + text[end:]
    toml.write_text(text)
    git = ["git", "-C", str(folder), "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run([*git, "commit", "-qam", "frappe"], check=True)
    return folder


def campaign(model: str, data: Path, work: Path) -> Campaign:
    """Run one campaign to its end and return what it came to."""
    config = settings(work / "state")
    python = str(ROOT / ".venv-ranking" / "bin" / "python")
    folder = repository(work / model, model, data)
    name = starting.check(config, starting.Request(repository=folder, budget_s=BUDGET_S, python=python, slots=2))
    journal = app.journal(config)
    for _ in range(2):  # the checklist, then the plan
        c = state_of(journal, name)
        if c.signed is None and c.checklist is not None and not c.checklist.passed:
            raise SystemExit("\n".join(f"{x.name}: {x.detail}" for x in c.checklist.checks if not x.ok))
        deciding.approve(
            journal, name, c, c.plan_digest if c.plan else c.checklist.digest if c.checklist else "", "bench"
        )
        watch(config, name)
    for _ in range(LOOKS):
        c = state_of(journal, name)
        if not (c.paused or "").startswith("too good to be true"):
            break
        deciding.resume(journal, name, c, "bench")
        watch(config, name)
    return state_of(journal, name)


def watch(config: Settings, name: CampaignId) -> None:
    """Wake the campaign and follow it until it ends or waits for a person."""
    starting.wake(config, name)
    subprocess.run(
        [sys.executable, "-P", "-m", "rea.cli", "watch", "-c", name, "--state", str(config.state)], check=False
    )


def line(model: str, c: Campaign) -> tuple[str, bool]:
    """Return what one campaign showed, and whether it is what was promised."""
    p = c.proposal
    if p is None or p.finding is None or p.baseline_test is None or p.candidate_test is None:
        return f"frappe {model}: no confirmed improvement ({p.reason if p else c.paused or 'not ended'})", False
    e = p.finding.effect
    text = (
        f"frappe {model}: test NE {p.baseline_test:.4f} -> {p.candidate_test:.4f}, {-e.value:+.1%} [{-e.high:+.1%}, {-e.low:+.1%}], "
        f"{p.outcome}, {len(c.experiments)} experiments, {c.ledger.spent / 1000:.0f} of {c.ledger.granted / 1000:.0f} device-seconds: {p.change}"
    )
    return text, e.low > 0 and p.outcome in (Outcome.WINNER, Outcome.NEEDS_A_PERSON)


def main() -> int:
    folder = os.environ.get("REA_DATA", "")
    data = Path(folder) / "frappe" / "frappe.parquet"
    if not folder or not data.exists():
        print("SKIPPED, LOUDLY: frappe needs REA_DATA, the folder that holds frappe/frappe.parquet")
        return 0
    work = Path(tempfile.mkdtemp(prefix="rea-frappe-"))
    try:
        found = [line(model, campaign(model, data, work)) for model in ("deepfm", "dcnv2")]
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print("\n".join(text for text, _ in found))
    return 0 if all(good for _, good in found) else 1


if __name__ == "__main__":
    sys.exit(main())
