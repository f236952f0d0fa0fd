"""Nothing is asked that was not reserved: the worst case before a call, what was reported after it, all of it when the reply is lost."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from rea.agent.call import Link, Lost, Refused, Reply, Request, Unsent
from rea.agent.configuration import Configuration
from rea.agent.replay import Replies
from rea.domain.call import CallRecord, name_of
from rea.domain.campaign import Campaign
from rea.domain.errors import OverBudget
from rea.domain.event import CallReserved, CallSettled
from rea.domain.ids import CampaignId, Digest
from rea.ports import Journal

ATTEMPTS = 2  # at one call, over all wakes: a reply that was lost was paid for, and is asked for once more
AFTERWARDS = (
    "explainer",
    "weigher",
)  # roles that may still be asked of a campaign that has concluded: they speak of what is recorded
SHARE = {"reviewer": 0.25, "paper_reader": 0.25, "reader": 0.25, "explainer": 0.25, "weigher": 0.25}
"""Of the tokens granted, what a role that nobody asked for may use: else one that talks would leave nothing to propose with. Others: all of it."""
MOST = 2**50  # tokens or millionths that a report may claim: what is more is no amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The link that pays. ``state`` gives the campaign as it is recorded now."""

    link: Link
    replies: Replies
    journal: Journal
    campaign: CampaignId
    state: Callable[[], Campaign]
    configuration: Configuration

    def ask(self, request: Request) -> Reply:
        """Raises Refused where what was granted does not cover the call, or a reply was lost twice; Unsent and Lost as they come."""
        made = self._made(request.call)
        last = made[-1] if made else None
        if last is not None and last.reply:
            return self._again(request, last)
        if last is not None and not last.settled:
            if self.replies.find(request.call) is not None:  # killed between keeping and settling
                return self._settled(request, last, self.link.ask(request))
            self._lose(last, "the reply was lost with the process that asked")
        return self._ask(request, len(made))

    def _ask(self, request: Request, attempt: int) -> Reply:
        while True:
            record = self._reserve(request, attempt)
            try:
                return self._settled(request, record, self.link.ask(request))
            except Unsent as error:
                self._settle(record, 0, 0, "", str(error))
                raise
            except Lost as error:
                self._lose(record, str(error))
                attempt += 1
                if attempt >= ATTEMPTS:
                    raise

    def _reserve(self, request: Request, attempt: int) -> CallRecord:
        tokens = request.prompt_bound + request.most_tokens
        if why := self._forbidden(request.role, attempt) or self._beyond(request.role, tokens):
            raise Refused(why)
        micros = self.configuration.cost(request.prompt_bound, request.most_tokens)
        event = CallReserved(call=request.call, attempt=attempt, role=request.role, tokens=tokens, micros=micros)
        try:
            self.journal.append(self.campaign, (event,))
        except OverBudget as error:
            raise Refused(
                f"what was granted does not cover another call: {tokens} tokens, {micros / 1e6:.6f}"
            ) from error
        return CallRecord(call=request.call, attempt=attempt, role=request.role, tokens=tokens, micros=micros)

    def _forbidden(self, role: str, attempt: int) -> str:
        c = self.state()
        if attempt >= ATTEMPTS:
            return "this was asked before, as often as it may be, and no reply came"
        if c.paused or c.stopped or (c.ended and role not in AFTERWARDS):
            return "the campaign is not running"
        if c.envelope.model != self.configuration.terms:
            return f"{c.envelope.model or 'no model'} was approved, not {self.configuration.terms}"
        if c.tokens.overrun or c.money.overrun:
            return "an earlier reply was reported to cost more than it could: this provider is not asked again"
        return ""

    def _beyond(self, role: str, tokens: int) -> str:
        """Return why a role may not use so many tokens more, or nothing."""
        c = self.state()
        share = SHARE.get(role, 1.0)
        used = sum(record.tokens for record in c.calls.values() if record.role == role)
        if share == 1.0 or used + tokens <= share * c.tokens.granted:
            return ""
        return f"the {role} may use {share:.0%} of the tokens granted, and has used {used} of {c.tokens.granted}"

    def _again(self, request: Request, last: CallRecord) -> Reply:
        if self.replies.digest(request.call) != last.reply:
            raise Refused("the reply was paid for and is not the one that was kept: restore the campaign's directory")
        return replace(self.link.ask(request), tokens=last.tokens, micros=last.micros)

    def _settled(self, request: Request, record: CallRecord, reply: Reply) -> Reply:
        tokens, micros = self._cost(record, reply)
        self._settle(record, tokens, micros, self.replies.digest(request.call), "")
        return replace(reply, tokens=tokens, micros=micros)

    def _cost(self, record: CallRecord, reply: Reply) -> tuple[int, int]:
        """Return what is owed: as reported, or all that was held where the report says nothing that can be believed."""
        used_in, used_out = reply.tokens_in, reply.tokens_out
        if used_in is None or used_out is None or used_in < 1 or used_out < 0:
            return record.tokens, record.micros
        tokens, micros = used_in + used_out, self.configuration.cost(used_in, used_out)
        return min(tokens, MOST), min(micros, MOST)

    def _lose(self, record: CallRecord, why: str) -> None:
        self._settle(record, record.tokens, record.micros, "", why)

    def _settle(self, record: CallRecord, tokens: int, micros: int, reply: str, why: str) -> None:
        event = CallSettled(
            call=record.call,
            attempt=record.attempt,
            tokens=tokens,
            micros=micros,
            reply=reply,
            why=self.replies.clean(why)[:500],
        )
        self.journal.append(self.campaign, (event,))

    def _made(self, call: Digest) -> list[CallRecord]:
        calls = self.state().calls
        return [calls[name] for attempt in range(ATTEMPTS) if (name := name_of(call, attempt)) in calls]
