"""The model's source: asks for ideas, lets through what holds, and keeps what only a patch could do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rea.agent.prompt import Prompt, prompt
from rea.agent.question import Answer, Model, Question
from rea.codebase.codebase import Codebase
from rea.domain.errors import UsageError
from rea.domain.hypothesis import Effect, Hypothesis, SourceName, hypothesis_id
from rea.domain.lever import Role
from rea.domain.technique import Technique
from rea.domain.training_cost import training_cost
from rea.domain.wanted import WantedPatch
from rea.domain.workload import Workload
from rea.planner.sources.model import facts, paper_facts
from rea.planner.sources.model.design import review
from rea.planner.sources.model.ideas import Idea, Ideas, Known, Wish, change_of, idea_faults, refusal, wish_faults
from rea.planner.sources.model.literature.paper import Literature
from rea.planner.sources.model.wanted import keep
from rea.planner.wording import as_moves, wording
from rea.ports import Briefing, Insights

FILE = Path(__file__).with_name("propose.md")
MOST_IDEAS = 8
MOST_WISHES = 3
MOST_PAPERS = 4
TOKENS = 4000
_CODE = (
    "With the tools you can outline, search and read the code, at the commit that is being worked on. They only read."
)

_CITE = ", or a line of code that you have read as code:PATH:LINE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """Proposes what ``model`` thinks of; nothing where it gives no usable answer. Wishes for patches are kept under ``directory``.

    ``tools`` are what it may read beside the code. ``shuffled`` hands the insights out under each other's ids: the placebo of an ablation.
    """

    model: Model
    directory: Path
    insights: Insights
    techniques: Sequence[Technique] = ()
    code: Callable[[Workload], Codebase] | None = None
    literature: Literature | None = None
    tools: tuple[Callable[..., str], ...] = ()
    shuffled: bool = False

    def propose(self, briefing: Briefing, count: int) -> Sequence[Hypothesis]:
        code = self.code(briefing.workload) if self.code else None
        known = self._known(briefing, code)
        shown = {"code": _CODE if code else "", "cite": _CITE if code else ""}
        told = prompt(FILE, most=MOST_IDEAS, wishes=MOST_WISHES, **shown)
        answer = self.model.ask(_question(briefing, known, told, (*(code.tools() if code else ()), *self.tools)))
        if answer.value is None:
            return ()
        wishes = [w for w in answer.value.wishes[:MOST_WISHES] if not wish_faults(w, briefing, known)]
        by = _signature(told, answer)
        keep(self.directory, tuple(_wanted(w, by) for w in wishes))
        held = [idea for idea in answer.value.ideas[:MOST_IDEAS] if not idea_faults(idea, briefing, known)]
        left = review(held, briefing, known, self.model, code)
        seen = f"{by}, reviewed by prompt {left.prompt[:12]}" if left.prompt else by
        offered = (_hypothesis(idea, briefing, seen) for idea in left.ideas)
        return tuple({h.id: h for h in offered}.values())[:count]

    def _known(self, briefing: Briefing, code: Codebase | None) -> Known:
        found = self.literature.find(_words(briefing), MOST_PAPERS) if self.literature else ()
        papers = paper_facts.read(found, briefing.workload, self.model)
        learnt = self.insights.all()
        named = facts.evidence(learnt, self.techniques, papers, self.shuffled)
        most = facts.most(learnt, self.techniques)
        return Known(evidence=named, most=most, line=_lines(code)) if code else Known(evidence=named, most=most)


def _question(briefing: Briefing, known: Known, told: Prompt, tools: tuple[Callable[..., str], ...]) -> Question[Ideas]:
    return Question(
        role="proposer",
        instructions=told.text,
        material=facts.material(briefing, known.evidence),
        answer=Ideas,
        check=lambda ideas: refusal(ideas, briefing, known),
        tools=tools,
        most_tokens=TOKENS,
    )


def _wanted(w: Wish, by: str) -> WantedPatch:
    predicted = Effect(value=w.value, low=w.low, high=w.high)
    return WantedPatch(statement=w.statement, paths=w.paths, why=w.why, evidence=w.evidence, by=by, predicted=predicted)


def _lines(code: Codebase) -> Callable[[str, int], bool]:
    """Return whether a line of code exists where it may be read."""

    def holds(path: str, line: int) -> bool:
        try:
            return code.holds(path, line)
        except UsageError:  # binary
            return False

    return holds


def _hypothesis(idea: Idea, briefing: Briefing, by: str) -> Hypothesis:
    workload, current = briefing.workload, briefing.current
    change = change_of(idea, briefing)
    told = training_cost(workload, current, change)
    return Hypothesis(
        id=hypothesis_id(change),
        statement=f"{idea.statement} ({wording(workload, current, change)})",
        rationale=idea.rationale,
        change=change,
        moves=as_moves(workload, current, change),
        source=SourceName.MODEL,
        predicted=Effect(value=idea.value, low=idea.low, high=idea.high),
        falsifier=idea.falsifier,
        cost=max(idea.cost, told) if told > 1 else idea.cost,
        citation=by,
        evidence=idea.evidence,
    )


def _signature(told: Prompt, answer: Answer[Any]) -> str:
    """Return which wording asked, and under which call the answer can be looked up."""
    return f"a language model, prompt {told.digest[:12]}, call {answer.call[:12] or 'not recorded'}"


def _words(briefing: Briefing) -> tuple[str, ...]:
    """Return what papers are looked for by: the field, and the architecture that is turned here."""
    built = [str(briefing.current.value(v.name, v.default)) for v in briefing.workload.with_role(Role.ARCHITECTURE)]
    return ("click-through rate prediction", *built[:1])
