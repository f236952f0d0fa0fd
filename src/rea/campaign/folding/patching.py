"""Patches: what they add to the levers of the campaign that admitted them."""

from dataclasses import replace

from rea.domain import event as e
from rea.domain.campaign import Campaign


def patching(c: Campaign, event: e.Patching) -> None:
    match event:
        case e.PatchAdmitted(patch=patch) if c.workload is not None and patch.digest not in c.patches:
            c.patches[patch.digest] = event
            fresh = tuple(lever for lever in event.levers if c.workload.lever(lever.name) is None)
            c.workload = replace(c.workload, levers=(*c.workload.levers, *fresh))
        case _:
            pass
