"""requests: what programs ask for, and a person's answer to it."""

from dataclasses import asdict

import click

from rea.api import answering, asking, starting
from rea.cli.decide import REASON
from rea.cli.face import BY, Face, command, person, seconds
from rea.domain.errors import UsageError
from rea.domain.request import Answer, Request, RequestKind
from rea.report.foreign import line, printable


@command(campaign=False)
@click.argument("verb", type=click.Choice(["list", "show", "accept", "reject"]), default="list")
@click.argument("request", default="")
@click.option("--all", "everything", is_flag=True, help="The answered ones too.")
@REASON
@BY
def requests(face: Face, verb: str, request: str, everything: bool, reason: str, by: str | None) -> None:
    """What programs have asked for (over MCP), which changes nothing until you accept it here; accepting grants no budget."""
    if not face.config.has_store:
        raise UsageError(
            "nothing was asked for: there is no store", "start a campaign: rea start DIRECTORY --budget 2h"
        )
    if verb == "list":
        _list(face, everything)
        return
    found = answering.found(face.config, request, accepting=verb in ("show", "accept"))
    if verb == "show":
        face.say("request", {"id": found.id, **asdict(found)}, _page(found))
        return
    if verb == "reject":
        answering.reject(face.config, found, reason, person(by))
        face.say("rejected", {"id": found.id}, f"{found.id} is rejected")
        return
    _accept(face, found, person(by))


def _accept(face: Face, found: Request, by: str) -> None:
    state = face.recall(found.campaign).now()
    after = answering.accept(face.config, state, found, by)
    if found.kind in (RequestKind.HYPOTHESIS, RequestKind.PATCH):
        starting.wake(face.config, found.campaign)
    face.say("accepted", {"id": found.id, "next": after}, f"{found.id} is accepted\nnext: {after}")


def _list(face: Face, everything: bool) -> None:
    shown = [(r, a) for r, a in asking.asked(face.config) if everything or a is None]
    for request, answer in shown:
        face.say("request", {"id": request.id, **asdict(request), "answer": _answer(answer)}, _line(request, answer))
    if not shown and not face.as_json:
        click.echo("nothing waits")


def _answer(answer: Answer | None) -> dict[str, object] | None:
    return None if answer is None else asdict(answer)


def _line(r: Request, answer: Answer | None) -> str:
    said = "" if answer is None else f"  {'accepted' if answer.accepted else 'rejected'} by {answer.by}"
    return f"{r.id}  {r.kind:<10} {r.campaign}  {_what(r)}  asked by {line(r.by, 60)!r}{said}"


def _what(r: Request) -> str:
    return {
        RequestKind.HYPOTHESIS: ", ".join(line(word, 60) for word in r.overrides),
        RequestKind.PATCH: f"{len(r.patch.splitlines())} lines of diff",
        RequestKind.RUN: f"of plan {r.subject[:12]}",
        RequestKind.CAMPAIGN: f"with {seconds(r.budget_s)} of device time",
    }[r.kind]


def _page(r: Request) -> str:
    told = [_line(r, None), f"  why (its words): {line(r.why, 600)}", f"  claims: {line(r.statement, 600)}"]
    if printable(r.patch) != r.patch:
        told.append("  CAREFUL: the diff holds characters that cannot be seen; below it stands without them")
    return "\n".join([*told, printable(r.patch), f"next: rea requests accept {r.id}, or rea requests reject {r.id}"])
