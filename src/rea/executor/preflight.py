"""From what was seen to the checklist that an engineer signs. Pure."""

from collections.abc import Iterator

from rea.domain.event import PredictionsRefused
from rea.domain.ids import Digest, digest
from rea.domain.job import KILL_GRACE_S, LOCAL, JobState
from rea.domain.plan import Check, Checklist, Policy
from rea.domain.workload import Workload
from rea.executor.materialise.paths import covers
from rea.executor.observations import (
    Confined,
    InterpreterFacts,
    Observations,
    RepositoryFacts,
    SmokeFacts,
    SmokeRun,
    Trouble,
)

EXPECTED_JOBS = 200  # for which there has to be room on the disk
SPARE_BYTES = 500_000_000
_NO_DIGEST = Digest("")


def checklist(seen: Observations, budget_ms: int, policy: Policy) -> Checklist:
    """Return every check with its detail, and the digests of what the campaign rests on; missing ones are empty and block."""
    sealed = None if isinstance(seen.data, Trouble) else seen.data.sealed
    smoke = None if isinstance(seen.smoke, Trouble) else seen.smoke
    allowance = calibration_allowance(seen.workload, policy, budget_ms)
    return Checklist(
        checks=(
            *_repository(seen.repository, seen.workload),
            *_interpreter(seen.interpreter),
            *_data(seen),
            *_smoke(seen.smoke),
            *_machine(seen, policy),
            *_confined(seen.confined),
            *_budget(seen.workload, policy, budget_ms, allowance),
        ),
        commit=seen.repository.commit,
        workload=digest(seen.workload),
        data=sealed.fingerprint if sealed else _NO_DIGEST,
        test_rows=sealed.test_fingerprint if sealed else _NO_DIGEST,
        judge=digest("judge", sealed.judge_digest, seen.judge_code) if sealed else _NO_DIGEST,
        seal=str(sealed.level) if sealed else "none",
        allowance_ms=allowance,
        budget_ms=budget_ms,
        smoke_ms=round(smoke.plain.status.seconds * 1000) if smoke else 0,
    )


def hold_ms(workload: Workload) -> int:
    """Return what is held for one job whose cost nobody knows yet, in device-milliseconds."""
    return (workload.resources.time_limit_s + KILL_GRACE_S) * workload.resources.devices * 1000


def calibration_allowance(workload: Workload, policy: Policy, budget_ms: int) -> int:
    """Return what signing grants: the worst case of every calibration run, but never more than half of the budget."""
    worst = policy.calibration_seeds * len(workload.fidelities) * hold_ms(workload)
    return min(worst, budget_ms // 2)


def _repository(found: RepositoryFacts, workload: Workload) -> Iterator[Check]:
    where = f"git -C {found.path}"
    yield Check(name="repository", ok=True, detail=f"{found.path} at {found.commit[:12]}, {len(found.files)} files")
    if "workload.toml" not in found.files:
        yield _bad(
            "committed", "workload.toml is not committed", f"{where} add workload.toml && {where} commit -m 'rea'"
        )
    elif found.dirty:
        yield _bad("committed", f"not committed: {_some(found.dirty)}", f"{where} commit -a -m 'before the campaign'")
    else:
        yield Check(name="committed", ok=True, detail="nothing differs from the commit")
    if found.untracked:
        yield _warning(
            "untracked", f"no job sees {_some(found.untracked)}", f"{where} add them, if the training needs them"
        )
    if found.submodules:
        yield _warning(
            "submodules", f"jobs see these as empty: {_some(found.submodules)}", "copy them in, if they are needed"
        )
    unmatched = tuple(
        p for p in (*workload.editable, *workload.protected) if not any(covers([p], f) for f in found.files)
    )
    if unmatched:
        yield _warning("paths", f"no file matches {_some(unmatched)}", "correct [paths] in workload.toml")
    if workload.data.path in found.files:
        yield _warning(
            "labels", f"{workload.data.path} is committed; jobs get trees without it", "best kept out of git"
        )


def _interpreter(found: InterpreterFacts | Trouble) -> Iterator[Check]:
    if isinstance(found, Trouble):
        yield _bad("interpreter", found.text, found.fix)
        return
    detail = f"{found.path}: Python {found.version}, {found.packages} packages ({found.fingerprint[:12]})"
    yield Check(name="interpreter", ok=True, detail=detail)
    if found.shared:
        yield _warning(
            "environment", "jobs run in rea's own environment", "make one for the training, give --python PATH"
        )
    if found.editable:
        text = f"{_some(found.editable)} is installed from the repository; jobs put their own tree first"
        yield _warning("installed", text, f"{found.path} -m pip uninstall {' '.join(found.editable)}")


def _data(seen: Observations) -> Iterator[Check]:
    if isinstance(seen.data, Trouble):
        yield _bad("data", seen.data.text, seen.data.fix)
        return
    sealed = seen.data.sealed
    how = "generated under an undisclosed seed" if seen.data.generated else seen.data.path
    rates = ", ".join(f"{name} {rate:.4f}" for name, rate in sealed.base_rates)
    yield Check(name="data", ok=True, detail=f"{how} ({sealed.fingerprint[:12]}); share of positive labels: {rates}")
    counts = f"{sealed.train} training, {sealed.early_stopping} early-stopping, {sealed.judge} judge and {sealed.test} test rows"
    yield Check(name="seal", ok=True, detail=f"{counts}; labels are {str(sealed.level).replace('_', ' ')}")


def _smoke(found: SmokeFacts | Trouble) -> Iterator[Check]:
    if isinstance(found, Trouble):
        yield _bad("smoke run", found.text, found.fix)
        return
    plain = found.plain
    if plain.status.state is not JobState.SUCCEEDED:
        yield _bad("smoke run", _failure(plain), f"see for yourself:\n{plain.by_hand}")
        return
    yield Check(name="smoke run", ok=True, detail=f"ended well after {plain.status.seconds:.1f} s")
    if isinstance(plain.answer, PredictionsRefused):
        yield _bad("predictions", plain.answer.reason, f"see for yourself:\n{plain.by_hand}")
        return
    numbers = {m.metric: m.value for m in (plain.answer.measurements if plain.answer else ()) if not m.slice}
    shown = ", ".join(f"{name} {value:.4f}" for name, value in numbers.items())
    yield Check(name="predictions", ok=bool(numbers), detail=f"arrived and were judged: {shown}")
    yield from _seed(found)
    yield from _levers(found)


def _seed(found: SmokeFacts) -> Iterator[Check]:
    other = found.reseeded
    if other is None:
        return
    if other.status.state is not JobState.SUCCEEDED:
        yield _bad("seed", f"under another seed: {_failure(other)}", f"see for yourself:\n{other.by_hand}")
    elif other.predictions == found.plain.predictions:
        text = "another seed gives the very same predictions: replicates would be one run"
        yield _bad("seed", text, "seed every source of randomness from {seed}")
    else:
        yield Check(name="seed", ok=True, detail="another seed gives other predictions")


def _levers(found: SmokeFacts) -> Iterator[Check]:
    stated = found.stated
    if stated is None:
        return
    if stated.status.state is not JobState.SUCCEEDED:
        yield _bad("levers", f"with every lever stated: {_failure(stated)}", f"see for yourself:\n{stated.by_hand}")
    elif stated.predictions == found.plain.predictions:
        yield Check(
            name="levers", ok=True, detail="every lever is accepted, and every stated default is the training's own"
        )
    else:
        text = "stating every default changes the predictions: one is not the training's own, or equal seeds differ"
        yield _warning("levers", text, "compare the defaults of [[lever]] with the training's")


def _machine(seen: Observations, policy: Policy) -> Iterator[Check]:
    machine = seen.machine
    if machine.missing:
        yield _bad("backend", f"local jobs need {_some(machine.missing)}", "install util-linux and git")
    else:
        here = machine.backend == LOCAL
        detail = "local processes" if here else f"{machine.backend}, on a file system that its nodes share"
        yield Check(name="backend", ok=True, detail=detail)
    job_bytes = 0 if isinstance(seen.smoke, Trouble) else seen.smoke.job_bytes
    needed = 3 * machine.data_bytes + EXPECTED_JOBS * job_bytes + SPARE_BYTES
    room = f"{machine.free_bytes / 1e9:.1f} GB free, about {needed / 1e9:.1f} GB needed"
    if machine.free_bytes < needed:
        yield _bad("disk", room, "make room, or set REA_STATE to a folder on a larger disk")
    else:
        yield Check(name="disk", ok=True, detail=room)
    wanted = (seen.workload.resources.memory_mb or 0) * (1 << 20) * policy.slots
    if machine.backend == LOCAL and wanted > machine.memory_bytes:
        text = (
            f"{policy.slots} jobs may take {wanted / 1e9:.1f} GB, the machine has {machine.memory_bytes / 1e9:.1f} GB"
        )
        yield _warning("memory", text, "lower [resources] memory_mb, or set REA_SLOTS=1")
    if machine.timer in ("", "none"):
        yield _warning("timer", "nothing wakes a campaign whose wake-up was lost", "rea doctor --install-timer")
    else:
        yield Check(name="timer", ok=True, detail=machine.timer, blocking=False)


def _confined(found: Confined) -> Iterator[Check]:
    if not found.why:
        yield Check(name="sandbox", ok=True, detail="jobs run without network, and see only what they are handed")
    elif found.required:
        yield _bad("sandbox", f"[seal] requires one: {found.why}", found.fix or "lower [seal] sandbox to auto")
    else:
        text = f"none: {found.why}; jobs could read what their user can, and patches are refused"
        yield _warning("sandbox", text, found.fix or "[seal] sandbox = 'auto', or --sandbox auto, on this machine")


def _budget(workload: Workload, policy: Policy, budget_ms: int, allowance_ms: int) -> Iterator[Check]:
    least = 2 * policy.slots * hold_ms(workload)
    if budget_ms <= 0:
        yield _bad("budget", "none was given", "state one in device time: --budget 2h")
    elif budget_ms < least:
        text = f"{budget_ms / 1000:.0f} device-seconds; calibration alone may hold {least / 2000:.0f} of them at once"
        yield _bad("budget", text, f"give --budget {-(-least // 1000)}s or more, or lower [resources] time_limit_s")
    else:
        text = (
            f"{budget_ms / 1000:.0f} device-seconds, of which signing grants {allowance_ms / 1000:.0f} for calibration"
        )
        yield Check(name="budget", ok=True, detail=text)


def _failure(run: SmokeRun) -> str:
    lines = run.status.log_tail.strip().splitlines()[-12:]
    return "\n".join([f"{run.status.state}: {run.status.reason}", *lines])


def _bad(name: str, detail: str, fix: str) -> Check:
    return Check(name=name, ok=False, detail=detail, fix=fix)


def _warning(name: str, detail: str, fix: str) -> Check:
    return Check(name=name, ok=False, detail=detail, fix=fix, blocking=False)


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
