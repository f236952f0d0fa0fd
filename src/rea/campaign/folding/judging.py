"""What the judge said, and what was learnt of it."""

from dataclasses import replace

from rea.campaign.folding.nodes import went
from rea.domain import event as e
from rea.domain.campaign import Campaign, comparison_key


def judging(c: Campaign, event: e.Judging) -> None:
    match event:
        case e.Measured() if (record := c.jobs.get(event.job)) and not record.judged:
            c.jobs[event.job] = replace(record, measured=event)
            went(c, c.jobs[event.job])
            c.open_jobs.pop(event.job, None)
            c.unsettled.pop(record.job.replicate.key, None)
            if c.attempts[record.job.replicate.key][-1] == event.job:
                c.scored[record.job.replicate.key] = event.job
        case e.PredictionsRefused() if (record := c.jobs.get(event.job)) and not record.judged:
            c.jobs[event.job] = replace(record, refused=event.reason)
            c.failed += not record.failed
        case e.Compared(comparisons=comparisons):
            for new in comparisons:
                key = comparison_key(new.experiment, new.metric, new.rows, new.slice)
                old = c.comparisons.get(key)
                # more runs know more: an old comparison told again must not replace a newer one
                if old is None or len(old.jobs) + len(old.baseline_jobs) < len(new.jobs) + len(new.baseline_jobs):
                    c.comparisons[key] = new
        case e.TestOpened(opening=opening):
            c.opening = c.opening or opening
        case e.InsightsRecorded(names=names, batch=batch, left=left) if not c.learnt and batch in (0, c.batch + 1):
            c.kept, c.batch = c.kept + len(names), max(c.batch, batch)
            c.all_others_kept, c.learnt = not left, not batch
        case _:
            pass
