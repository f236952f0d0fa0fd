"""What happens in a campaign. Each event knows its key: recording one occurrence twice records it once."""

from dataclasses import dataclass

from rea.domain.change import Patch
from rea.domain.diagnosis import Diagnosis
from rea.domain.evidence import Comparison, Finding, Measurement, Noise, TestOpening
from rea.domain.experiment import Experiment, Phase, Replicate
from rea.domain.hypothesis import Effect, Hypothesis
from rea.domain.ids import NO_CAMPAIGN, CampaignId, Digest, ExperimentId, HypothesisId, JobId, digest
from rea.domain.job import Job, JobStatus
from rea.domain.lever import Lever
from rea.domain.plan import NO_CALLS, NO_PAST, Approval, Check, Checklist, CostError, Envelope, Plan, Policy
from rea.domain.portfolio import Dealing, Member, MemberPlan
from rea.domain.proposal import Proposal
from rea.domain.runbook import ShadowCall, Standing, Treatment
from rea.domain.suggestion import Suggestion, Trial
from rea.domain.workload import Workload

AGENT = "rea"  # stands in ``by`` where no person acted


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOpened:
    campaign: CampaignId
    question: str
    workload: Workload
    repository: str
    commit: str
    policy: Policy
    budget_ms: int
    at: str
    calls: Envelope = NO_CALLS
    portfolio: CampaignId = NO_CAMPAIGN  # whose shares are all that this campaign may spend

    @property
    def key(self) -> str:
        return "opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistRecorded:
    checklist: Checklist

    @property
    def key(self) -> str:
        return f"checklist:{self.checklist.digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistSigned:
    approval: Approval

    @property
    def key(self) -> str:
        return f"signed:{self.approval.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HypothesesProposed:
    hypotheses: tuple[Hypothesis, ...]
    round: int = 1
    costs: CostError = NO_PAST  # how far earlier campaigns' runs lay off their prices

    @property
    def key(self) -> str:
        return f"proposed:{self.round}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HypothesisAmended:
    """An engineer added a hypothesis, or put it in the place of ``replaces``. ``command`` names the one act of that person."""

    hypothesis: Hypothesis
    by: str
    command: str
    replaces: HypothesisId | None = None

    @property
    def key(self) -> str:
        return f"command:{self.command}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HypothesisRejected:
    hypothesis: HypothesisId
    by: str
    reason: str
    command: str

    @property
    def key(self) -> str:
        return f"command:{self.command}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchOrdered:
    """A person had a language model make a patch of words. ``refused`` is what the gate said of the one that it made of them before."""

    statement: str
    paths: tuple[str, ...]
    refused: str
    by: str

    @property
    def key(self) -> str:
        return f"ordered:{digest('ordered', self.statement, self.paths, self.refused)[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchAdmitted:
    """A patch passed the gate: what it adds, how large it is, and what was tried. From now on its levers are the workload's."""

    patch: Patch
    levers: tuple[Lever, ...]
    added: int  # lines
    removed: int
    checks: tuple[Check, ...]
    by: str

    @property
    def key(self) -> str:
        return f"patch:{self.patch.digest}:admitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchRefused:
    """A patch did not pass the gate; nothing of it is kept but why."""

    patch: Digest
    reason: str
    by: str

    @property
    def key(self) -> str:
        return f"patch:{self.patch}:refused:{digest(self.reason)[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDrafted:
    plan: Plan

    @property
    def key(self) -> str:
        return f"plan:{self.plan.digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanApproved:
    approval: Approval

    @property
    def key(self) -> str:
        return f"approved:{self.approval.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseOpened:
    """A phase begins with these experiments and replicates."""

    round: int
    phase: Phase
    experiments: tuple[Experiment, ...]
    replicates: tuple[Replicate, ...]
    reason: str

    @property
    def key(self) -> str:
        return f"phase:{self.round}:{self.phase}:opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicatesAdded:
    """Racing goes on: promoted rungs, further seeds, new points of a search."""

    round: int
    phase: Phase
    experiments: tuple[Experiment, ...]
    replicates: tuple[Replicate, ...]
    reason: str

    @property
    def key(self) -> str:
        return f"added:{digest(self.round, self.phase, tuple(r.key for r in self.replicates))[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentDropped:
    experiment: ExperimentId
    reason: str

    @property
    def key(self) -> str:
        return f"dropped:{self.experiment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicateCut:
    """The budget does not pay for a replicate; what its experiment has shown so far stands."""

    replicate: str
    reason: str

    @property
    def key(self) -> str:
        return f"cut:{self.replicate}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseEnded:
    """The planner wants nothing more of a phase; its findings are due."""

    round: int
    phase: Phase
    reason: str

    @property
    def key(self) -> str:
        return f"phase:{self.round}:{self.phase}:ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseClosed:
    """What a phase found."""

    round: int
    phase: Phase
    findings: tuple[Finding, ...]

    @property
    def key(self) -> str:
        return f"phase:{self.round}:{self.phase}:closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    noise: Noise

    @property
    def key(self) -> str:
        return "calibrated"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReserved:
    """The one event that commits money: the budget is held and the intent to launch recorded, before anything is launched."""

    job: Job

    @property
    def key(self) -> str:
        return f"job:{self.job.id}:reserved"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReserved:
    """The one event that commits tokens and money: recorded before a language model is asked. ``call`` is the digest of what is asked."""

    call: Digest
    attempt: int
    role: str
    tokens: int
    micros: int

    @property
    def key(self) -> str:
        return f"call:{self.call}:{self.attempt}:reserved"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettled:
    """What a call cost. ``reply`` is the digest of the kept reply; "" where none came, and then ``why`` says so."""

    call: Digest
    attempt: int
    tokens: int
    micros: int
    reply: str = ""
    why: str = ""

    @property
    def key(self) -> str:
        return f"call:{self.call}:{self.attempt}:settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSubmitted:
    job: JobId
    handle: str

    @property
    def key(self) -> str:
        return f"job:{self.job}:submitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnded:
    job: JobId
    status: JobStatus
    cost_ms: int

    @property
    def key(self) -> str:
        return f"job:{self.job}:ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStopped:
    """A run is not worth its rest: by its own ``curve`` it would end ``forecast`` better than the baseline (an interval of 99.8 %), told from
    ``rests_on`` finished curves. That is an extrapolation and no verdict."""

    job: JobId
    forecast: Effect
    curve: tuple[tuple[float, float], ...]
    rests_on: int

    @property
    def key(self) -> str:
        return f"job:{self.job}:stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTreated:
    job: JobId
    treatment: Treatment

    @property
    def key(self) -> str:
        return f"job:{self.job}:treated"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisOpened:
    """A job failed in a way that no entry knows: what follows finds out why, beside the plan, within a budget of its own."""

    job: JobId

    @property
    def key(self) -> str:
        return f"diagnosis:{self.job}:opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAdded:
    """A rerun at the smoke run's size that a diagnosis asks for."""

    job: JobId
    experiment: Experiment
    replicate: Replicate

    @property
    def key(self) -> str:
        return f"diagnosis:{self.job}:probe:{self.experiment.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed:
    diagnosis: Diagnosis

    @property
    def key(self) -> str:
        return f"diagnosis:{self.diagnosis.job}:made"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookBound:
    """Which of a user's own entries (name, digest) may act under a plan that names ``runbook``, and which are in shadow."""

    runbook: Digest
    trusted: tuple[tuple[str, Digest], ...]
    shadow: tuple[tuple[str, Digest], ...] = ()

    @property
    def key(self) -> str:
        return f"runbook:{self.runbook}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryShadowed:
    """An entry in shadow knew a failure; it was dealt with as if there were no such entry."""

    call: ShadowCall

    @property
    def key(self) -> str:
        return f"shadow:{self.call.job}:{self.call.entry[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryJudged:
    """The truth about a failure, and whether an entry had it right; ``evidence`` says how it became known."""

    entry: Digest
    name: str
    replicate: str
    agrees: bool
    evidence: str
    by: str = AGENT

    @property
    def key(self) -> str:
        return f"shadow:{self.replicate}:{self.entry[:16]}:judged:{self.by}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryStanding:
    """An entry was promoted or demoted; ``evidence`` names the replicates (campaign/replicate) that it rests on."""

    entry: Digest
    name: str
    standing: Standing
    evidence: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"standing:{self.entry}:{self.standing}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseSuggested:
    """A reader of logs was asked about a failure that nobody knew. What it suggests is not believed before it has been tried."""

    suggestion: Suggestion

    @property
    def key(self) -> str:
        return f"diagnosis:{self.suggestion.job}:suggested"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyTried:
    """A rerun with a suggested remedy has ended."""

    trial: Trial

    @property
    def key(self) -> str:
        return f"diagnosis:{self.trial.job}:tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The judge accepted a job's predictions. ``fingerprint`` identifies them; ``claims`` are the job's own words."""

    job: JobId
    measurements: tuple[Measurement, ...]
    fingerprint: Digest
    claims: tuple[tuple[str, float], ...] = ()

    @property
    def key(self) -> str:
        return f"job:{self.job}:judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionsRefused:
    """The judge refused a job's predictions: no score exists. ``suspicious`` means that it looks like cheating, and waits for a person."""

    job: JobId
    reason: str
    suspicious: bool = False

    @property
    def key(self) -> str:
        return f"job:{self.job}:judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    comparisons: tuple[Comparison, ...]

    @property
    def key(self) -> str:
        return f"compared:{digest(tuple((c.experiment, c.rows, c.metric, c.slice, c.jobs, c.baseline_jobs) for c in self.comparisons))[:24]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOpened:
    """Recorded before the test rows are looked at, so that no opening goes uncounted."""

    opening: TestOpening

    @property
    def key(self) -> str:
        return "test-opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """What the search proposes to try next; ``batch`` counts its answers."""

    round: int
    batch: int
    experiments: tuple[Experiment, ...]

    @property
    def key(self) -> str:
        return f"suggested:{self.round}:{self.batch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsRecorded:
    """What was learnt is kept, under these names. Batches, from 1, are of what is no finalist, kept while those train, and ``left`` is how many
    such wait; 0 is all the rest. Before version 4 it held the insights themselves, which lie in the store all the same."""

    names: tuple[Digest, ...] = ()
    batch: int = 0
    left: int = 0

    @property
    def key(self) -> str:
        return f"insights:{self.batch}" if self.batch else "insights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """Someone was told, once: ``subject`` names what about."""

    kind: str
    subject: str

    @property
    def key(self) -> str:
        return f"notified:{self.kind}:{self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """The campaign waits for a person. ``command`` names the occurrence."""

    reason: str
    by: str
    command: str

    @property
    def key(self) -> str:
        return f"command:{self.command}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    by: str
    command: str

    @property
    def key(self) -> str:
        return f"command:{self.command}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Steered:
    """An engineer's wish, within the approval: ``drop`` an experiment's hypothesis, or ``finish`` (go to Confirmation now)."""

    wish: str
    target: str
    by: str
    command: str

    @property
    def key(self) -> str:
        return f"command:{self.command}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """No further launch; what runs is cancelled; nothing is lost."""

    by: str
    reason: str
    command: str

    @property
    def key(self) -> str:
        return "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchMade:
    """What is proposed lies as one commit on a branch of the user's repository."""

    branch: str
    commit: str
    by: str

    @property
    def key(self) -> str:
        return f"branch:{self.branch}:{self.commit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    proposal: Proposal

    @property
    def key(self) -> str:
        return "concluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeExcluded:
    """A node fails jobs where others do not, for reasons that lie in no treatment: no job is sent there until ``until`` (Unix seconds)."""

    node: str
    number: int  # which time, from 1
    until: float
    reason: str

    @property
    def key(self) -> str:
        return f"node:{self.node}:excluded:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReturned:
    """The term is over: the node is used again, on probation."""

    node: str
    number: int

    @property
    def key(self) -> str:
        return f"node:{self.node}:returned:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioOpened:
    """Several checked campaigns are put before an engineer at once; ``digest`` is what the one signature names."""

    portfolio: CampaignId
    members: tuple[Member, ...]
    budget_ms: int
    slots: int  # jobs at a time, of all members together
    dealing: Dealing
    at: str

    @property
    def digest(self) -> Digest:
        return digest("portfolio", self)

    @property
    def key(self) -> str:
        return "opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioSigned:
    approval: Approval

    @property
    def key(self) -> str:
        return f"signed:{self.approval.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioPlanned:
    """The plans of members, on one page under one digest, with the rule by which all of the budget is dealt."""

    plans: tuple[MemberPlan, ...]
    budget_ms: int
    dealing: Dealing

    @property
    def digest(self) -> Digest:
        return digest("portfolio plan", self)

    @property
    def key(self) -> str:
        return f"planned:{self.digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioApproved:
    approval: Approval

    @property
    def key(self) -> str:
        return f"approved:{self.approval.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotted:
    """The one event that commits the common budget. ``number`` counts a member's tranches: 1 calibration, 2 the rest of its floor.

    ``expected`` is the relative improvement per device-hour that the planner expected of the member when this was dealt.
    """

    member: CampaignId
    number: int
    amount_ms: int
    expected: float
    reason: str

    @property
    def key(self) -> str:
        return f"allotted:{self.member}:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberReleased:
    """A member gets no more: it confirms what it has, and gives back what is left."""

    member: CampaignId
    reason: str

    @property
    def key(self) -> str:
        return f"released:{self.member}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareSettled:
    """A member has ended and cost this; what it did not need is free again."""

    member: CampaignId
    cost_ms: int

    @property
    def key(self) -> str:
        return f"settled:{self.member}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioConcluded:
    reason: str

    @property
    def key(self) -> str:
        return "concluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareGranted:
    """In a member's own journal: its portfolio holds ``granted_ms`` for it in all, by tranche ``number``."""

    portfolio: CampaignId
    number: int
    granted_ms: int

    @property
    def key(self) -> str:
        return f"share:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareClosed:
    """In a member's own journal: no further tranche is coming."""

    portfolio: CampaignId
    reason: str

    @property
    def key(self) -> str:
        return "share:closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareReturned:
    """In a member's own journal: from now on it is granted what it has spent and no more."""

    portfolio: CampaignId

    @property
    def key(self) -> str:
        return "share:returned"


Setup = CampaignOpened | ChecklistRecorded | ChecklistSigned | Calibrated
Planning = HypothesesProposed | HypothesisAmended | HypothesisRejected | PlanDrafted | PlanApproved
Patching = PatchOrdered | PatchAdmitted | PatchRefused | BranchMade
Running = JobReserved | JobSubmitted | JobEnded | JobTreated | RunStopped
Nodes = NodeExcluded | NodeReturned
Calling = CallReserved | CallSettled
Diagnosing = DiagnosisOpened | ProbeAdded | Diagnosed | CauseSuggested | RemedyTried
Shadowing = RunbookBound | EntryShadowed | EntryJudged | EntryStanding
Phases = PhaseOpened | ReplicatesAdded | ExperimentDropped | ReplicateCut | PhaseEnded | PhaseClosed | Suggested
Judging = Measured | PredictionsRefused | Compared | TestOpened | InsightsRecorded
Life = Notified | Paused | Resumed | Steered | Stopped | Concluded
Pooling = (
    PortfolioOpened
    | PortfolioSigned
    | PortfolioPlanned
    | PortfolioApproved
    | Allotted
    | MemberReleased
    | ShareSettled
    | PortfolioConcluded
)
Sharing = ShareGranted | ShareClosed | ShareReturned
Event = (
    Setup
    | Planning
    | Patching
    | Running
    | Nodes
    | Calling
    | Diagnosing
    | Shadowing
    | Phases
    | Judging
    | Life
    | Pooling
    | Sharing
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event where it stands in its campaign's journal. ``at`` (ISO 8601 UTC) is for display: order is by ``seq``."""

    seq: int
    at: str
    key: str
    event: Event
