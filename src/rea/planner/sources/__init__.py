"""Where hypotheses come from: one folder a source."""
