"""One database is the truth: the journal of events, and projections of it that can all be rebuilt."""
