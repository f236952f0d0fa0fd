"""The state of a campaign: what its journal adds up to. Only ``rea.campaign.evolve`` makes one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import prod
from typing import TypeVar, cast

from rea.domain.call import CallRecord
from rea.domain.change import Change
from rea.domain.diagnosis import Diagnosis
from rea.domain.event import PatchAdmitted, RunStopped
from rea.domain.evidence import Comparison, Finding, Noise, Rows, TestOpening
from rea.domain.experiment import Experiment, Phase, Replicate
from rea.domain.hypothesis import Hypothesis
from rea.domain.ids import NO_CAMPAIGN, NO_DIGEST, CampaignId, Digest, ExperimentId, HypothesisId, JobId
from rea.domain.insight import Setting
from rea.domain.ledger import Ledger
from rea.domain.lever import Role
from rea.domain.plan import NO_CALLS, NO_PAST, Approval, Checklist, CostError, Envelope, Plan, Policy
from rea.domain.proposal import Proposal
from rea.domain.records import Attempts, JobRecord, Jobs, NodeRecord
from rea.domain.runbook import ShadowCall, Standing
from rea.domain.suggestion import Suggestion, Trial
from rea.domain.workload import Workload

__all__ = ["NO_CAMPAIGN", "NO_DIGEST", "Campaign", "JobRecord", "PhaseRecord", "comparison_key", "comparison_kind"]

T = TypeVar("T")
LEAST_DEAR, MOST_DEAR = 0.25, 8.0  # times a default run: what is not believed of a cost


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRecord:
    """One phase of one round: what it holds, in the order it was added, and whether it is over."""

    round: int
    phase: Phase
    replicates: tuple[str, ...] = ()  # replicate keys
    experiments: tuple[ExperimentId, ...] = ()
    ended: str = ""  # why the planner wants nothing more of it
    closed: bool = False  # its findings are recorded


@dataclass(slots=True, kw_only=True)
class Campaign:
    """One question, asked of one workload, under one budget. Read it; only a fold writes it."""

    id: CampaignId = NO_CAMPAIGN
    question: str = ""
    workload: Workload | None = None
    workload_digest: Digest = NO_DIGEST
    repository: str = ""
    commit: str = ""
    opened_at: str = ""
    policy: Policy = field(default_factory=Policy)
    budget_ms: int = 0
    checklist: Checklist | None = None
    signed: Approval | None = None
    noise: Noise | None = None
    hypotheses: dict[HypothesisId, Hypothesis] = field(default_factory=dict)
    rejected: dict[HypothesisId, str] = field(default_factory=dict)
    proposed_rounds: set[int] = field(default_factory=set)
    cost_error: CostError = NO_PAST  # how far earlier campaigns' runs lay off their prices
    plan: Plan | None = None
    plan_digest: Digest = NO_DIGEST
    replan: bool = False  # hypotheses were amended since the plan was drafted
    subjects: set[Digest] = field(default_factory=set)  # digests of all checklists and plans so far
    approval: Approval | None = None
    ledger: Ledger = field(default_factory=Ledger)
    envelope: Envelope = NO_CALLS  # what an engineer means to grant for language models
    tokens: Ledger = field(default_factory=Ledger)
    money: Ledger = field(default_factory=Ledger)  # in millionths
    portfolio: CampaignId = NO_CAMPAIGN  # whose shares are all that may be spent here
    shares: int = 0  # tranches that were granted by it
    fed: int = 0  # the round that was in progress when the latest tranche beyond the floor came
    share_closed: str = ""  # why no further tranche is coming
    returned: bool = False  # what was not needed has been given back
    calls: dict[str, CallRecord] = field(default_factory=dict)  # of language models, by name, oldest first
    patches: dict[Digest, PatchAdmitted] = field(default_factory=dict)  # that may be run
    experiments: dict[ExperimentId, Experiment] = field(default_factory=dict)
    replicates: dict[str, Replicate] = field(default_factory=dict)
    jobs: Jobs = field(default_factory=Jobs)
    attempts: Attempts = field(default_factory=Attempts)  # by replicate key, oldest first
    open_jobs: dict[JobId, None] = field(default_factory=dict)  # not ended, or ended and neither judged nor treated
    unsettled: dict[str, None] = field(default_factory=dict)  # keys of replicates that still want a job or its score
    finished: int = 0  # jobs that have ended
    failed: int = 0  # of these, the ones that failed, were lost, or whose predictions were refused
    runs_of: dict[ExperimentId, tuple[str, ...]] = field(default_factory=dict)  # keys of an experiment's replicates
    scored: dict[str, JobId] = field(
        default_factory=dict
    )  # the last attempt at a replicate, by its key, if it was measured
    succeeded: dict[str, JobId] = field(default_factory=dict)  # the last job of a replicate that succeeded, by its key
    costs: dict[str, int] = field(default_factory=dict)  # of all attempts at a replicate, by its key
    run_costs: dict[JobId, int] = field(default_factory=dict)  # of jobs that succeeded, the rungs below included
    alike: dict[tuple[str, Change], ExperimentId] = field(default_factory=dict)  # experiments by fidelity and change
    memo: dict[object, object] = field(default_factory=dict, compare=False, repr=False)  # see ``once``
    dropped: dict[ExperimentId, str] = field(default_factory=dict)
    altered: set[ExperimentId] = field(default_factory=set)  # a remedy changed what was tested
    diagnoses: dict[JobId, Diagnosis] = field(default_factory=dict)  # by the job that failed, oldest first
    bound: dict[Digest, tuple[tuple[str, Digest], ...]] = field(
        default_factory=dict
    )  # own entries that may act, by the digest of the runbook that a plan names
    shadows: dict[str, ShadowCall] = field(default_factory=dict)  # by entry and replicate
    standings: dict[Digest, Standing] = field(default_factory=dict)  # of own entries that rose or fell here
    stopped_runs: dict[JobId, RunStopped] = field(default_factory=dict)  # whose curves promised nothing any more
    nodes: dict[str, NodeRecord] = field(default_factory=dict)
    suggestions: dict[JobId, Suggestion] = field(default_factory=dict)  # by the job that failed
    trials: dict[JobId, Trial] = field(default_factory=dict)  # of suggested remedies, by the job that failed
    phases: dict[str, PhaseRecord] = field(default_factory=dict)  # by "round:phase"
    batches: int = 0  # answers of the search so far
    suggested: dict[ExperimentId, int] = field(default_factory=dict)  # which batch
    comparisons: dict[str, Comparison] = field(default_factory=dict)  # by comparison_key
    findings: dict[str, Finding] = field(default_factory=dict)  # by "experiment:phase"
    opening: TestOpening | None = None
    kept: int = 0  # insights
    batch: int = 0  # of insights, the latest of those kept while finalists train
    all_others_kept: bool = False  # what was learnt of all that is no finalist
    learnt: bool = False  # everything is kept
    notified: set[str] = field(default_factory=set)
    commands: set[str] = field(default_factory=set)  # acts of people, each counted once
    touches: int = 0  # acts of people, signatures and approvals aside
    steered: list[tuple[str, str]] = field(default_factory=list)
    paused: str = ""
    forgiven: int = 0  # jobs that had ended when a person last resumed: what failed before is looked into
    excused: set[JobId] = field(
        default_factory=set
    )  # jobs that paused the campaign until a person resumed: tried again
    stopped: str = ""
    proposal: Proposal | None = None

    @property
    def ended(self) -> bool:
        return self.proposal is not None

    @property
    def round(self) -> int:
        """The round in progress; hypotheses of the next are asked for when this one has nothing more to try."""
        return max(self.proposed_rounds, default=1)

    @property
    def setup(self) -> Workload:
        """The workload of a campaign that was opened."""
        assert self.workload is not None
        return self.workload

    @property
    def calibrated(self) -> Noise:
        """The noise of a campaign that was calibrated."""
        assert self.noise is not None
        return self.noise

    @property
    def setting(self) -> Setting:
        """Where this campaign learns."""
        assert self.checklist is not None
        architecture = [str(lever.default) for lever in self.setup.with_role(Role.ARCHITECTURE)]
        model = architecture[0] if architecture else self.setup.name
        return Setting(workload=self.setup.name, model=model, data=self.checklist.data)

    @property
    def human_touches(self) -> int:
        """How often a person had to act: signatures, approvals and commands."""
        return self.touches + (self.signed is not None) + (self.approval is not None)

    @property
    def approved(self) -> bool:
        """Whether the approval in force is for exactly the plan in force."""
        return self.plan is not None and self.approval is not None and self.approval.subject == self.plan_digest

    @property
    def funded(self) -> bool:
        """Whether there is money for the plan: of its own approval, or its portfolio's."""
        return not self.portfolio or self.shares > 1

    def jobs_of(self, experiment: ExperimentId) -> list[JobRecord]:
        """Return an experiment's jobs, by replicate."""
        return [self.jobs[j] for key in self.runs_of.get(experiment, ()) for j in self.attempts.get(key, ())]

    def run_cost_ms(self, job: JobId) -> int:
        """Return what a run cost from scratch: its own job and the rungs it went on from."""
        if job in self.run_costs:
            return self.run_costs[job]
        record = self.jobs[job]
        below = record.job.resumes
        return record.cost_ms + (self.run_cost_ms(below) if below is not None and below in self.jobs else 0)

    def expected_ms(self, experiment: Experiment) -> int:
        """Return what a run was expected to cost from scratch: a default one, times what its hypotheses say of their cost."""
        factor = prod(self.hypotheses[h].cost for h in experiment.hypotheses if h in self.hypotheses)
        return round(self.calibrated.cost_of(experiment.fidelity) * min(MOST_DEAR, max(LEAST_DEAR, factor)))

    def phase(self, round_: int, phase: Phase) -> PhaseRecord | None:
        return self.phases.get(f"{round_}:{phase}")

    def comparison(
        self, experiment: ExperimentId, metric: str, rows: Rows = Rows.JUDGE, slice_: str = ""
    ) -> Comparison | None:
        return self.comparisons.get(comparison_key(experiment, metric, rows, slice_))

    def finding(self, experiment: ExperimentId, phase: Phase) -> Finding | None:
        return self.findings.get(f"{experiment}:{phase}")

    def turnable(self, current: Change) -> Workload:
        """Return the workload without the levers of patches that ``current`` does not hold: there is nothing to turn there."""
        absent = {name for p in self.patches.values() if p.patch not in current.patches for name in p.patch.levers}
        return replace(self.setup, levers=tuple(v for v in self.setup.levers if v.name not in absent))

    def with_patches(self, change: Change) -> Change:
        """Return ``change`` with the patches that hold the levers it turns."""
        names = {name for name, _ in change.overrides}
        needed = (p.patch for p in self.patches.values() if names & set(p.patch.levers))
        return Change(overrides=change.overrides, patches=tuple({*change.patches, *needed}))

    def experiment_of(self, change: Change, fidelity: str) -> Experiment | None:
        known = self.alike.get((fidelity, change))
        return None if known is None else self.experiments[known]

    def once(self, name: str, compute: Callable[[], T]) -> T:
        """Return what ``compute`` gives, computed once for this very state: any event makes another state of it."""
        if name not in self.memo:
            self.memo[name] = compute()
        return cast(T, self.memo[name])


def comparison_key(experiment: ExperimentId, metric: str, rows: Rows, slice_: str = "") -> str:
    """Return the key a comparison is kept under: the last one of its kind counts."""
    return experiment + comparison_kind(metric, rows, slice_)


def comparison_kind(metric: str, rows: Rows, slice_: str = "") -> str:
    """Return what follows the experiment in that key: who asks for ten thousand makes it once."""
    return f":{rows}:{metric}:{slice_}"
