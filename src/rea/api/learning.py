"""What was learnt over all campaigns: how good each source of hypotheses has been."""

from collections.abc import Sequence

from rea.domain.insight import Insight
from rea.knowledge.techniques.catalogue import load
from rea.planner.trust import Record, records

SOURCE_HEADER = f"{'source':<12} {'tried':>5} {'hit rate':>9} {'[80 %]':<13} {'failed':>6}  measured/predicted {'':<14} in 80 % interval"


def source_records(insights: Sequence[Insight]) -> tuple[Record, ...]:
    """Return the record of every source that had a hypothesis tested in any campaign."""
    return records(insights, {t.name: t.effect for t in load()}) if insights else ()


def line(record: Record) -> str:
    """Return a record as one line below ``SOURCE_HEADER``."""
    rate, low, high = record.hit_rate
    x = record.calibration
    scored = f"{x.ratio:.2f} [{x.low:.2f}, {x.high:.2f}]" if x.count else "nothing to score"
    held = f"{x.inside} of {x.count}" if x.count else ""
    span = f"[{low:.0%}, {high:.0%}]"
    return f"{record.source:<12} {record.tried:>5} {rate:>9.0%} {span:<13} {record.failed:>6}  {scored:<33} {held}"
