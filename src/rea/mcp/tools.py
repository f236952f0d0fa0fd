"""What each tool answers: handles in, rows of ``api`` out, a page at a time."""

from dataclasses import dataclass
from typing import Any

from rea.api import asking, looking
from rea.api.reading import SCHEMA
from rea.domain.campaign import Campaign
from rea.domain.errors import UsageError
from rea.domain.evidence import Verdict
from rea.domain.request import Request
from rea.mcp.handles import Handles, key_of
from rea.mcp.marking import marked
from rea.mcp.paging import page
from rea.settings import Settings

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools over the campaigns of one state directory. Nothing is remembered between two calls."""

    config: Settings
    handles: Handles

    @classmethod
    def of(cls, config: Settings) -> "Tools":
        return cls(config, Handles(key_of(config.state)))

    def campaigns(self, cursor: str) -> Answer:
        rows = [
            {"handle": self.handles.issue("campaign", str(r["campaign"])), **r} for r in looking.campaigns(self.config)
        ]
        return page(self.handles, "campaigns", rows, cursor)

    def status(self, campaign: str) -> Answer:
        return {"schema": SCHEMA, "kind": "status", "status": marked(looking.status(self._campaign(campaign)))}

    def plan(self, campaign: str, cursor: str) -> Answer:
        return page(self.handles, "plan", looking.plan(self._campaign(campaign)), cursor, campaign)

    def why(self, campaign: str, subject: str, cursor: str) -> Answer:
        rows = looking.why(self.config, self._campaign(campaign), subject)
        return page(self.handles, "why", rows, cursor, campaign, subject)

    def report(self, campaign: str, section: str, cursor: str) -> Answer:
        rows = looking.report(self.config, self._campaign(campaign), section)
        return page(self.handles, "report", rows, cursor, campaign, section)

    def insights(self, text: str, verdict: str, cursor: str) -> Answer:
        if verdict and verdict not in tuple(Verdict):
            raise UsageError(f"{verdict!r} is no verdict", f"one of: {', '.join(Verdict)}")
        return page(self.handles, "insights", looking.insights(self.config, text, verdict), cursor, text, verdict)

    def levers(self, campaign: str, cursor: str) -> Answer:
        return page(self.handles, "levers", looking.levers(self._campaign(campaign)), cursor, campaign)

    def logs(self, job: str, cursor: str) -> Answer:
        name, _, of = self.handles.read("job", job).partition("/")
        lines = looking.log(self.config, looking.campaign(self.config, name), of)
        rows = [{"line": at, "log": text} for at, text in reversed(list(enumerate(lines, 1)))]
        return page(self.handles, "log", rows, cursor, job)

    def query(self, campaign: str, what: str, cursor: str) -> Answer:
        c = self._campaign(campaign)
        rows = looking.query(self.config, c, what)
        if what == "jobs":
            rows = [{"handle": self.handles.issue("job", f"{c.id}/{r['job']}"), **r} for r in rows]
        return page(self.handles, what, rows, cursor, campaign)

    def skills(self, name: str) -> Answer:
        if name:
            return {"schema": SCHEMA, "kind": "skill", "name": name, "text": looking.skill(name)}
        return {"schema": SCHEMA, "kind": "skills", "skills": looking.skills()}

    def request_hypothesis(
        self, campaign: str, overrides: tuple[str, ...], why: str, statement: str, predicted: float, by: str
    ) -> Answer:
        c = self._campaign(campaign)
        return self._left(asking.hypothesis(self.config, c, by, why, overrides, statement, predicted))

    def request_patch(self, campaign: str, diff: str, why: str, statement: str, by: str) -> Answer:
        return self._left(asking.patch(self.config, self._campaign(campaign), by, why, diff, statement))

    def request_run(self, campaign: str, why: str, by: str) -> Answer:
        return self._left(asking.run(self.config, self._campaign(campaign), by, why))

    def request_campaign(self, like: str, budget_s: float, why: str, by: str) -> Answer:
        return self._left(asking.another(self.config, self._campaign(like), by, why, budget_s))

    def _campaign(self, handle: str) -> Campaign:
        return looking.campaign(self.config, self.handles.read("campaign", handle))

    def _left(self, request: Request) -> Answer:
        """Return what a request has come to: it waits, or a person has answered it."""
        answer = next((a for r, a in asking.asked(self.config, request.campaign) if r.id == request.id), None)
        row = marked(looking.requested(request.id, str(request.kind), answer))
        return {
            "schema": SCHEMA,
            "kind": "request",
            "request": row,
            "a_person_runs": f"rea requests accept {request.id}",
        }
