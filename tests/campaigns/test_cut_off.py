"""A whole campaign on real processes with key and network cut off: no provider, or one that was granted something and cannot be reached."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from campaigns.toys import repository

ROOT = Path(__file__).parents[2]
ALONE = ("unshare", "-rn")
SCRIPT = """
import json, sys, urllib.request
from pathlib import Path
from campaigns.toys import Terminal, at_rest, planned
from rea.api import starting
from rea.settings import Settings
folder, tokens = Path(sys.argv[1]), int(sys.argv[2])
try:
    urllib.request.urlopen("http://192.0.2.1/", timeout=2)
    reached = True
except OSError:
    reached = False
config = Settings(state=folder / "state", slots=2)
request = starting.Request(repository=folder / "toy", budget_s=70.0, sandbox="off", tokens=tokens)
terminal = Terminal(config=config, campaign=starting.check(config, request))
terminal.approve()
terminal.until(planned)
terminal.approve()
c = terminal.until(at_rest, 600.0)
calls = [r for r in c.calls.values()]
print(json.dumps({
    "reached": reached, "paused": c.paused, "outcome": str(c.proposal.outcome) if c.proposal else "",
    "hypotheses": len(c.hypotheses), "findings": len(c.findings), "calls": len(calls), "spent": c.tokens.spent,
    "whys": sorted({r.why[:40] for r in calls}),
}))
"""


def cut_off(folder: Path, tokens: int, **variables: str) -> dict[str, object]:
    """Run a campaign in a namespace without any network, with an environment that holds no key, and return what came of it."""
    repository(folder / "toy", limit_s=4)
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "src", ROOT / "tests")))
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": paths, **variables}
    done = subprocess.run(
        [*ALONE, sys.executable, "-c", SCRIPT, str(folder), str(tokens)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("granted", [False, True])
def test_a_whole_campaign_ends_without_key_and_network(granted: bool, tmp_path: Path) -> None:
    if subprocess.run([*ALONE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("unshare -rn is not allowed here: allow user namespaces to test without any network")
    if granted:
        pytest.importorskip("openai", reason="the agent extra is not installed: pip install '.[agent]'")
    unreachable = {"REA_MODEL": "openai:m", "REA_MODEL_URL": "http://192.0.2.1:8000/v1", "REA_MODEL_TIMEOUT_S": "5"}
    found = cut_off(tmp_path, 500_000 if granted else 0, **(unreachable if granted else {}))
    assert found["reached"] is False, "the network is there: nothing was shown"
    assert found["outcome"] in ("winner", "no_winner", "needs_a_person"), found
    assert found["hypotheses"] and found["findings"] and found["spent"] == 0, found
    assert bool(found["calls"]) is granted, "where something was granted it was tried, and cost nothing"
