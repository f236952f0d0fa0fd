"""replay: every decision of a campaign again, from what is recorded."""

from dataclasses import asdict

from rea.api import replaying
from rea.campaign.replaying import Difference
from rea.cli.face import Face, command


@command()
def replay(face: Face) -> int:
    """Take every decision of a campaign anew from what is recorded, and compare. Nothing is asked, spent or written; exit 1 if one differs."""
    journal, name, _ = face.chosen()
    found = replaying.replay(face.config, journal, name)
    face.say("replay", {**asdict(found), "same": found.same}, text(found))
    return 0 if found.same else 1


def text(r: replaying.Replayed) -> str:
    """Return a replay for people."""
    verdict = "every one is the same" if not r.different else f"at least {len(r.different)} differ"
    lines = [
        f"{r.campaign}: {r.decisions} decisions taken again, {r.proposals} of them proposals: {verdict}",
        f"calls of a language model: {r.calls} answered from the record of {r.recorded}, none made",
    ]
    lines += [f"  {role}: {answered} of {recorded}" for role, answered, recorded in r.roles]
    if r.patches:
        lines.append(f"patches made of words again: {r.patches}, {len(r.others)} of them others than then")
    lines += [f"  event {x.seq}: {_told(x)}" for x in r.different]
    lines += [f"  event {x.seq}: the patch was {x.recorded[:12]}; now {x.made[:200]}" for x in r.others]
    lines += [f"  call {call[:12]}: nothing asks for it now" for call in r.unasked]
    lines += [f"  call {call[:12]}: its reply is not the one that was paid for" for call in r.damaged]
    if r.other_runbook:
        lines.append("  the runbook is another than the plan was approved with: treatments may differ for that reason")
    return "\n".join(lines)


def _told(x: Difference) -> str:
    recorded, decided = ", ".join(x.recorded) or "nothing", ", ".join(x.decided) or "nothing"
    return f"{recorded}{x.where}" if recorded == decided else f"recorded {recorded}; now {decided}"
