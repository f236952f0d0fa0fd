"""Changes in code on a real training: the gate, the program that makes a patch, the plan that covers it, the job that runs it."""

import json
import os
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from campaigns.patches import ALWAYS_ON, BROKEN, GOOD, SHRINK, TURNED, USED, diff
from campaigns.toys import Terminal, checked, commit, planned, repository
from click.testing import CliRunner

from rea.api import patching
from rea.api.patching import Claim
from rea.cli.main import rea
from rea.domain.campaign import Campaign
from rea.domain.change import Change, combine, conflict
from rea.domain.errors import UsageError, WorkloadError
from rea.domain.event import PatchAdmitted, PatchRefused
from rea.domain.job import JobState
from rea.domain.lever import LeverType
from rea.domain.plan import Check
from rea.executor.implement import Order, gate
from rea.executor.implement.levers import declared
from rea.executor.inspection.smoke import smoke_job
from rea.executor.materialise.layout import patch_of
from rea.executor.materialise.workspace import reopen
from rea.sandbox import box, probe
from rea.sandbox.reach import address

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not probe().works, reason=f"NO SANDBOX, no patch tried: {probe().why}; {probe().fix}"),
]
TESTS = '[tests]\nargv = ["{python}", "-m", "unittest", "-q", "checks"]\n'
CHECKS = """
import unittest, train
class Rows(unittest.TestCase):
    def test_probability(self):
        self.assertEqual(train.probability([0.0], [0]), 0.5)
"""


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    folder = tmp_path_factory.mktemp("patched")
    toy = repository(folder / "toy", limit_s=4)
    (toy / "checks.py").write_text(CHECKS)
    told = toy / "workload.toml"
    told.write_text(
        TESTS
        + told.read_text().replace('editable = ["train.py"]', 'editable = ["*.py", "new/"]\nprotected = ["checks.py"]')
    )
    told.write_text(told.read_text().replace(TESTS, "") + TESTS)
    commit(toy)
    return checked(toy, folder / "state", budget_s=70.0, sandbox="required")


def toy_of(terminal: Terminal) -> Path:
    return Path(terminal.state.repository)


def claim(lever: str = "shrink") -> Claim:
    return Claim(levers=(lever,), statement="Smaller steps end nearer.", predicted=0.003, by="ann")


def add(terminal: Terminal, text: str, lever: str = "shrink") -> PatchAdmitted:
    return patching.add(terminal.config, terminal.campaign, terminal.state, text, claim(lever))[0]


def refused(terminal: Terminal, text: str, lever: str = "shrink") -> str:
    with pytest.raises(UsageError) as caught:
        add(terminal, text, lever)
    last = [r.event for r in terminal.log.read(terminal.campaign)][-1]
    assert isinstance(last, PatchRefused) and last.reason == caught.value.message, "why is recorded"
    assert not terminal.state.patches
    folder = patch_of(terminal.config.campaign(terminal.campaign), last.patch).parent
    assert not list(folder.glob("*.diff")), "a refused patch is not kept"
    return caught.value.message


def test_what_alters_the_baseline_while_it_is_off_is_refused(terminal: Terminal) -> None:
    assert "the same seed predicts something else" in refused(terminal, diff(toy_of(terminal), *ALWAYS_ON))


def test_without_that_step_it_would_have_come_in(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug."""
    monkeypatch.setattr(gate, "_same", lambda plain, other, how: Check(name="unchanged", ok=True, detail=how))
    event = gate.admitted(*trial(terminal, diff(toy_of(terminal), *ALWAYS_ON)))
    assert event.checks
    patch_of(terminal.config.campaign(terminal.campaign), event.patch.digest).unlink()


def trial(terminal: Terminal, text: str):  # type: ignore[no-untyped-def]
    from rea import app

    directory = terminal.config.campaign(terminal.campaign)
    ours = reopen(directory, terminal.state.setup)
    lever, on = declared("shrink")
    candidate = gate.Candidate(diff=text, levers=(lever,), on=Change(overrides=((lever.name, on),)))
    return ours, candidate, app.smoke(directory), gate.judging(directory, ours), "ann"


def test_what_fails_when_it_is_on_is_refused_with_its_log(terminal: Terminal) -> None:
    assert "boom" in refused(terminal, diff(toy_of(terminal), *BROKEN))


def test_what_breaks_the_repository_s_own_tests_is_refused(terminal: Terminal) -> None:
    text = diff(toy_of(terminal), SHRINK, ("return 1 / (1 + math.exp(", "return 0.9 / (1 + math.exp("))
    assert "the patch does not pass, tests" in refused(terminal, text)


def test_a_lever_that_the_code_does_not_know_is_refused(terminal: Terminal) -> None:
    assert "unknown setting 'other'" in refused(terminal, diff(toy_of(terminal), *GOOD), "other")


@pytest.mark.parametrize(
    ("path", "new", "told"),
    [
        ("workload.toml", "x = 1\n", "not editable"),
        ("checks.py", "import unittest\n", "not editable"),
        ("sitecustomize.py", "import os\n", "run unasked"),
        ("new/conftest.py", "import os\n", "run unasked"),
        ("new/x.pth", "import os\n", "run unasked"),
        ("new/test_it.py", "import os\n", "run unasked"),
        ("elsewhere/a.txt", "x\n", "not editable"),
    ],
)
def test_what_is_out_of_bounds_is_refused(terminal: Terminal, path: str, new: str, told: str) -> None:
    assert told in refused(terminal, diff(toy_of(terminal), path=path, new=new))


@pytest.mark.parametrize("hidden", ["\x1b[2K", "\u202e", "\u200b", "\u2066"])
def test_what_a_reviewer_would_not_see_is_refused(terminal: Terminal, hidden: str) -> None:
    text = diff(toy_of(terminal), path="new/a.py", new=f"x = 1  # {hidden}\n")
    assert "cannot be seen" in refused(terminal, text)


def test_a_program_makes_a_patch_and_sees_nothing_of_ours(terminal: Terminal) -> None:
    """It finds the editable paths, the task, and no git, no labels, no network, none of our environment."""
    script = (
        "import os, sys, json, pathlib; t = pathlib.Path('train.py'); s = t.read_text();"
        f"s = s.replace({SHRINK[0]!r}, {SHRINK[1]!r}).replace({USED[0]!r}, {TURNED!r}); t.write_text(s);"
        "pathlib.Path('new').mkdir(); pathlib.Path('new/seen.txt').write_text(json.dumps([sorted(os.listdir('.')),"
        "open(sys.argv[1]).read(), sys.stdin.read(), sorted(os.environ), os.path.exists('/proc/1/root' + sys.argv[2])]))"
    )
    os.environ["REA_SECRET_TOKEN"] = "CANARY"
    secret = str(terminal.config.campaign(terminal.campaign) / "sealed" / "key")
    order = Order(task="Shrink the steps.", argv=("python3", "-c", script, "{task}", secret))
    text = patching.make(terminal.config, terminal.campaign, terminal.state, order)
    del os.environ["REA_SECRET_TOKEN"]
    seen = json.loads(next(line[1:] for line in text.splitlines() if line.startswith("+[[")))
    assert seen[0] == ["make_data.py", "new", "train.py"], "the tests, workload.toml and .git are not among them"
    assert seen[1] == seen[2] == "Shrink the steps."
    assert seen[3] == ["HOME", "LANG", "PATH", "TMPDIR"] or "REA_SECRET_TOKEN" not in seen[3]
    assert seen[4] is False
    edit = text[text.index("diff --git a/train.py") :]
    assert '+DEFAULTS = {"rate": 0.3' in edit and 'config["shrink"]' in edit
    assert not list(terminal.config.campaign(terminal.campaign).glob("making-*")), "nothing of it is left"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("pass", "altered nothing"),
        ("import os; os.symlink('/etc/passwd', 'new.py')", "was made a link"),
        ("import os; os.mkfifo('new.py')", "no plain file"),
        ("import os; os.link('train.py', 'new.py')", "no plain file"),
        ("open('new.py', 'wb').truncate(2 << 20)", "too large"),
        ("raise SystemExit('no idea')", "no idea"),
        ("import time; time.sleep(600)", "not over within 2 s"),
    ],
)
def test_a_program_that_misbehaves_is_told(terminal: Terminal, script: str, told: str) -> None:
    order = Order(task="x", argv=("python3", "-c", script), time_limit_s=2)
    with pytest.raises(UsageError, match=told):
        patching.make(terminal.config, terminal.campaign, terminal.state, order)


ASKS = """
import json, socket, sys
def said(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            s.sendall(b"may I?"); s.shutdown(socket.SHUT_WR)
            return s.makefile().read()
    except OSError as error:
        return type(error).__name__
open("train.py", "a").write("# " + json.dumps([said(int(p)) for p in sys.argv[1:]]) + "\\n")
"""


class Answering(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"you asked: " + self.rfile.read())


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    servers = [socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answering) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield servers[0].server_address[1], servers[1].server_address[1]
    for server in servers:
        server.shutdown()
        server.server_close()


def heard(terminal: Terminal, ports: tuple[int, int], reach: str) -> list[str]:
    """Return what a program in the sandbox hears from two servers of this machine."""
    order = Order(task="x", argv=("python3", "-c", ASKS, *map(str, ports)), reach=reach)
    text = patching.make(terminal.config, terminal.campaign, terminal.state, order)
    found: list[str] = json.loads(next(line[3:] for line in text.splitlines() if line.startswith("+# [")))
    return found


def test_a_program_reaches_nothing_or_the_one_address_that_a_person_named(
    terminal: Terminal, ports: tuple[int, int]
) -> None:
    assert heard(terminal, ports, "") == ["ConnectionRefusedError"] * 2
    assert heard(terminal, ports, f"127.0.0.1:{ports[0]}") == ["you asked: may I?", "ConnectionRefusedError"]
    assert heard(terminal, ports, f"localhost:{ports[1]}") == ["ConnectionRefusedError", "you asked: may I?"]


def test_planted_bug_a_sandbox_that_shares_the_network_hears_both(
    terminal: Terminal, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tuple(
        x
        for w in box.FIXED
        for x in (("--unshare-ipc", "--unshare-pid", "--unshare-uts") if w == "--unshare-all" else (w,))
    )
    monkeypatch.setattr(box, "FIXED", shared)
    assert heard(terminal, ports, "") == ["you asked: may I?"] * 2


def test_what_is_no_address_is_told(terminal: Terminal) -> None:
    for reach in ("", "localhost", "localhost:80", "localhost:x", ":8000", "localhost:99999"):
        with pytest.raises(UsageError, match="no address"):
            address(reach)
    with pytest.raises(UsageError, match="cannot be reached"):
        patching.make(
            terminal.config,
            terminal.campaign,
            terminal.state,
            Order(task="x", argv=("true",), reach="no.such.host.invalid:8000"),
        )


def test_a_program_that_reaches_out_still_ends_as_it_ends(terminal: Terminal, ports: tuple[int, int]) -> None:
    order = Order(task="x", argv=("python3", "-c", "raise SystemExit('no idea')"), reach=f"127.0.0.1:{ports[0]}")
    with pytest.raises(UsageError, match="no idea"):
        patching.make(terminal.config, terminal.campaign, terminal.state, order)


def test_hooks_and_attributes_that_a_program_plants_never_run(terminal: Terminal, tmp_path: Path) -> None:
    """A .git folder of its own, with hooks and a monitor: it comes back as files in a diff, which the gate refuses."""
    script = (
        "import os; os.makedirs('.git/hooks'); open('.git/config', 'w').write('[core]\\nfsmonitor = touch {0}\\n');"
        "open('.git/hooks/post-checkout', 'w').write('#!/bin/sh\\ntouch {0}\\n'); os.chmod('.git/hooks/post-checkout', 0o755);"
        "open('.git/HEAD', 'w').write('ref: refs/heads/main\\n'); open('.gitattributes', 'w').write('* filter=x\\n')"
    ).format(tmp_path / "ran")
    order = Order(task="x", argv=("python3", "-c", script))
    with pytest.raises(UsageError):
        text = patching.make(terminal.config, terminal.campaign, terminal.state, order)
        add(terminal, text)
    assert not (tmp_path / "ran").exists()


def test_levers_are_declared_in_a_word() -> None:
    for word, kind, default, on in (
        ("a", LeverType.BOOL, False, True),
        ("a=0:4", LeverType.INT, 0, 4),
        ("a=0.0:0.5:0:1", LeverType.FLOAT, 0.0, 0.5),
        ("a=none:swish", LeverType.CHOICE, "none", "swish"),
    ):
        lever, value = declared(word)
        assert (
            (lever.type, lever.default, value) == (kind, default, on) and lever.admits(value) and lever.admits(default)
        )
    for word in ("", "a=", "a=1", "a=1:1", "a=1:2:3", "a b", "a=0:5:0:1:2", "a=nan:1:0:1"):
        with pytest.raises(UsageError):
            lever, value = declared(word)
            assert lever.type is not LeverType.CHOICE, word


def test_a_good_patch_comes_in_is_planned_approved_and_runs(terminal: Terminal, tmp_path: Path) -> None:
    toy = toy_of(terminal)
    (tmp_path / "p.diff").write_text(diff(toy, *GOOD))
    words = [
        "patch",
        "add",
        str(tmp_path / "p.diff"),
        "--lever",
        "shrink",
        "--statement",
        "Smaller steps.",
        "--predicted",
        "0.003",
    ]
    said = CliRunner().invoke(
        rea, [*words, "--state", str(terminal.config.state)], catch_exceptions=False, standalone_mode=False
    )
    assert said.return_value == 0, said.output
    for told in (
        "+2 -2 lines in train.py; adds shrink (bool, off at False)",
        "the repository's own pass",
        "byte for byte",
    ):
        assert told in said.output
    c = terminal.state
    (admitted,) = c.patches.values()
    lever = c.setup.lever("shrink")
    assert lever is not None and c.turnable(Change()).lever("shrink") is None, "no source may turn it without its patch"
    assert c.with_patches(Change(overrides=(("shrink", True),))).patches == (admitted.patch,)
    terminal.approve()
    c = terminal.until(planned)
    shown = CliRunner().invoke(rea, ["plan", "--state", str(terminal.config.state)], standalone_mode=False).output
    assert f"patch {admitted.patch.digest[:12]}: +2 -2 lines" in shown and "rea patch show" in shown
    assert c.plan is not None and admitted.patch in {p for h in c.plan.hypotheses for p in h.change.patches}
    whole = CliRunner().invoke(
        rea, ["patch", "show", admitted.patch.digest[:8], "--state", str(terminal.config.state)], standalone_mode=False
    )
    assert whole.output.startswith(gate.MARK) and 'config["shrink"]' in whole.output
    terminal.approve()
    c = terminal.until(lambda x: bool(treated(x)) or x.ended or bool(x.paused))
    assert treated(c), c.paused or c.proposal
    job = treated(c)[0].job
    tree = terminal.jobs / job.id / "control" / "launch.json"
    assert "shrink=true" in tree.read_text() and "bwrap" in tree.read_text()
    terminal.stop()


def treated(c: Campaign):  # type: ignore[no-untyped-def]
    return [r for r in c.jobs.values() if r.job.change.patches and r.state is JobState.SUCCEEDED]


def test_one_changed_byte_is_no_launch(terminal: Terminal) -> None:
    """Of the diff or of the declared levers: both are under the digest that the plan names."""
    c = terminal.state
    (admitted,) = c.patches.values()
    ours = reopen(terminal.config.campaign(terminal.campaign), c.setup)
    job = smoke_job(ours, "bytes", {}, 1, (admitted.patch,))
    path = patch_of(ours.directory, admitted.patch.digest)
    whole = path.read_bytes()
    for at in (3, len(gate.MARK) + 5, whole.index(b"0.9"), len(whole) - 2):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(WorkloadError, match="altered"):
            ours.launch(job)
    path.write_bytes(whole)
    assert ours.launch(job).around


def test_patches_stack_unless_they_touch_one_file() -> None:
    from rea.domain.change import Patch
    from rea.domain.ids import Digest

    one, two = (
        Change(patches=(Patch(digest=Digest(x), paths=(f"{x}.py",), levers=(x,)),), overrides=((x, True),))
        for x in "ab"
    )
    other = Change(patches=(Patch(digest=Digest("c"), paths=("a.py",)),))
    assert combine(one, two) == combine(two, one) and len(combine(one, two).patches) == 2
    assert conflict(one, other) == "a.py"


def test_nothing_of_a_patch_is_in_the_user_s_repository(terminal: Terminal) -> None:
    done = subprocess.run(
        ("git", "-C", str(toy_of(terminal)), "status", "--porcelain"), capture_output=True, text=True, check=True
    )
    assert done.stdout == ""


def test_a_winner_with_a_patch_becomes_a_branch_with_its_evidence(terminal: Terminal) -> None:
    """The conclusion is put into the journal by hand: what is tested is what comes of it."""
    from rea.api import branching
    from rea.domain.event import BranchMade
    from rea.domain.proposal import Outcome, Proposal

    c = terminal.state
    (admitted,) = c.patches.values()
    change = Change(overrides=(("shrink", True),), patches=(admitted.patch,))
    winner = Proposal(outcome=Outcome.WINNER, reason="by hand", change=change)
    state = terminal.config.state
    said = CliRunner().invoke(rea, ["branch", terminal.campaign, "--state", str(state)], standalone_mode=False)
    assert said.return_value == 2, "it was stopped: there is no winner"
    c.proposal = winner
    event = branching.make(terminal.config, terminal.campaign, c, "", "ann")
    assert isinstance(event, BranchMade)
    git = ("git", "-C", c.repository)
    text = subprocess.run((*git, "show", event.branch), capture_output=True, text=True, check=True).stdout
    for told in (
        admitted.patch.digest,
        "by hand",
        "enforced",
        c.plan_digest,
        '+            weights[s] -= (0.9 if config["shrink"]',
    ):
        assert told in text, told
    assert '+name = "shrink"' in text and '+"shrink" = true' in text
    assert terminal.log.read(terminal.campaign)[-1].event == event
    with pytest.raises(UsageError, match="already"):
        branching.make(terminal.config, terminal.campaign, c, "", "ann")
