"""The one gate for patches, whoever wrote them: within bounds, the repository's own tests, nothing altered while it is off, a run while it is on.

What is let in is one document: a line for each lever that the patch declares, then the diff. Its digest is the patch's name,
so that an approval of a plan covers every byte of both.
"""

import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rea.domain.change import Change, Patch
from rea.domain.errors import NotAdmitted, UsageError
from rea.domain.event import Measured, PatchAdmitted, PredictionsRefused
from rea.domain.ids import Digest, canonical
from rea.domain.job import Job, JobState
from rea.domain.lever import Lever
from rea.domain.plan import Check
from rea.domain.workload import Command
from rea.executor.contract.log import plain
from rea.executor.inspection.smoke import SEED, Run, judged, ran, smoke_job
from rea.executor.materialise.command import arguments
from rea.executor.materialise.environment import environment_of
from rea.executor.materialise.layout import mirror_of, patch_of
from rea.executor.materialise.mirror import Mirror
from rea.executor.materialise.patch import admit, name_of, patched, size_of
from rea.executor.materialise.workspace import LocalWorkspace
from rea.executor.observations import SmokeRun
from rea.sandbox import Box, Done, run

Judge = Callable[[Job], Measured | PredictionsRefused]
MARK = "# rea lever "
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode categories


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A diff against the campaign's commit, the levers that it declares, off at their defaults, and what turns it ``on``."""

    diff: str
    levers: tuple[Lever, ...]
    on: Change

    @property
    def document(self) -> str:
        """What is digested, kept and applied: git reads past everything before the diff."""
        return "".join(f"{MARK}{canonical(lever)}\n" for lever in self.levers) + "\n" + self.diff

    @property
    def name(self) -> Digest:
        """What the patch is called, whether it is let in or not."""
        return name_of(self.document)


def admitted(ours: LocalWorkspace, candidate: Candidate, run_job: Run, judge: Judge, by: str) -> PatchAdmitted:
    """Let a patch in, or raise NotAdmitted with the first step that it fails.

    Raises:
        UsageError: it keeps not within bounds, or there is nothing to tell on and off by; Conflict where it does not apply.
    """
    _check_levers(ours, candidate)
    _check_readable(candidate.diff)
    mirror = Mirror(mirror_of(ours.directory))
    names = [lever.name for lever in candidate.levers]
    patch = admit(candidate.document, ours.workload, mirror, ours.record.commit, names)
    try:
        checks = tuple(_passed(step, patch) for step in _steps(ours, candidate, patch, run_job, judge))
    except BaseException:
        patch_of(ours.directory, patch.digest).unlink(missing_ok=True)
        raise
    added, removed = size_of(mirror, ours.record.commit, patch_of(ours.directory, patch.digest))
    return PatchAdmitted(patch=patch, levers=candidate.levers, added=added, removed=removed, checks=checks, by=by)


def _passed(check: Check, patch: Patch) -> Check:
    if not check.ok:
        raise NotAdmitted(f"the patch does not pass, {check.name}: {check.detail}", check.fix, patch.digest)
    return check


def _check_levers(ours: LocalWorkspace, candidate: Candidate) -> None:
    if ours.record.cell is None:
        raise UsageError(
            "this campaign has no sandbox, and no patch runs without", "see rea doctor, then begin one anew"
        )
    if not candidate.levers:
        raise UsageError("the patch declares no lever: nothing could turn it off", "name one with --lever NAME")
    for lever in candidate.levers:
        if ours.workload.lever(lever.name) is not None:
            raise UsageError(f"{lever.name!r} is a lever already", "take another name")


def _check_readable(diff: str) -> None:
    """Refuse what a reviewer would not see as it is: escape sequences, direction marks, characters without width."""
    for line in (line[1:] for line in diff.split("\n") if line.startswith("+")):
        if why := unreadable(line):
            raise UsageError(f"the patch {why}", "write it as an escape in the source")


def unreadable(text: str) -> str:
    """Return what of a text cannot be seen, or nothing."""
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    bad = next((ch for line in lines for ch in line if ch != "\t" and unicodedata.category(ch) in UNSEEN), None)
    return "" if bad is None else f"adds U+{ord(bad):04X}, which cannot be seen"


def _steps(ours: LocalWorkspace, candidate: Candidate, patch: Patch, run_job: Run, judge: Judge) -> Iterator[Check]:
    yield _own_tests(ours, patch)
    tiny = dict(ours.workload.smoke)
    name = f"patch-{patch.digest[:8]}"

    def tried(called: str, change: Change) -> Job:
        return smoke_job(ours, called, tiny | dict(change.overrides), SEED, change.patches)

    off = Change(overrides=tuple((lever.name, lever.default) for lever in candidate.levers), patches=(patch,))
    before = ran(tried(f"{name}.without", Change()), ours, run_job)
    yield _same(before, ran(tried(f"{name}.silent", Change(patches=(patch,))), ours, run_job), "without its lever")
    yield _same(before, ran(tried(f"{name}.off", off), ours, run_job), "with its lever off")
    job = tried(f"{name}.on", Change(overrides=candidate.on.overrides, patches=(patch,)))
    yield _judged(judged(job, ours, run_job, lambda _: [judge(job)]))


def _own_tests(ours: LocalWorkspace, patch: Patch) -> Check:
    told = ours.workload.checks
    if not told.argv:
        return Check(name="tests", ok=True, detail="the repository declares none ([tests] argv in workload.toml)")
    done = _tested(ours, (patch,))
    if done.well:
        return Check(name="tests", ok=True, detail=f"the repository's own pass, in {done.seconds:.0f} s")
    how = f"not over within {told.time_limit_s} s" if done.timed_out else f"ended with {done.code}"
    before = "" if _tested(ours, ()).well else "; they fail without the patch, too, in the sandbox"
    said = "\n".join(plain(done.said).strip().splitlines()[-15:])
    return Check(name="tests", ok=False, detail=f"{how}{before}\n{said}", fix="mend the patch, or [tests] argv")


def _tested(ours: LocalWorkspace, patches: Sequence[Patch]) -> Done:
    """Run the repository's own tests in a tree of their own, confined as jobs are but for the data, which they do not get."""
    assert ours.record.cell is not None
    cell, told, mirror = ours.record.cell, ours.workload.checks, Mirror(mirror_of(ours.directory))
    place = Path(tempfile.mkdtemp(prefix="tests-", dir=ours.directory))
    try:
        tree, scratch = place / "tree", place / "scratch"
        scratch.mkdir()
        wanted = patched(mirror, ours.record.commit, [patch_of(ours.directory, p.digest) for p in patches])
        mirror.export(wanted, tree, without=(ours.workload.data.path,))
        argv = arguments(Command(argv=told.argv), {"python": ours.record.python}, ())
        environment = environment_of(ours.record.environment, ours.workload.command, scratch, tree)
        places = (str(tree), str(scratch))
        box = Box(runtime=cell.runtime, hide=cell.hide, read=cell.read, write=places, cwd=str(tree))
        return run(box, argv, dict(environment), told.time_limit_s)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _same(before: SmokeRun, other: SmokeRun, how: str) -> Check:
    name = "unchanged"
    for found in (before, other):
        if found.status.state is not JobState.SUCCEEDED or not found.predictions:
            return Check(name=name, ok=False, detail=_failure(found, how), fix="see the log above")
    if before.predictions == other.predictions:
        return Check(name=name, ok=True, detail=f"{how} it predicts byte for byte what the commit does")
    return Check(
        name=name,
        ok=False,
        detail=f"{how} the same seed predicts something else than the commit",
        fix="let nothing happen unless the lever is on; draw no random number, and make no layer, while it is off",
    )


def _judged(found: SmokeRun) -> Check:
    if found.status.state is not JobState.SUCCEEDED:
        return Check(name="tried", ok=False, detail=_failure(found, "turned on"), fix="mend the patch")
    if isinstance(found.answer, PredictionsRefused):
        return Check(name="tried", ok=False, detail=f"turned on: {found.answer.reason}", fix="mend the patch")
    seconds = found.status.seconds
    return Check(name="tried", ok=True, detail=f"turned on it ended well after {seconds:.1f} s and was judged")


def _failure(found: SmokeRun, how: str) -> str:
    said = "\n".join(found.status.log_tail.strip().splitlines()[-12:])
    return f"{how} the tiny run {found.status.state}: {found.status.reason}\n{said}"


def judging(directory: Path, ours: LocalWorkspace) -> Judge:
    """Return what judges a tiny run, in the judge's own process."""
    from rea.judge.process import ProcessJudge

    def judge(job: Job) -> Measured | PredictionsRefused:
        known = {job.id: (job.seed, job.change, job.purpose)}

        (answer,) = ProcessJudge(directory=directory, workload=ours.workload, meta=known.__getitem__).measure([job.id])
        return answer

    return judge
