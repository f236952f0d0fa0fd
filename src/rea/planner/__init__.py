"""From a question to hypotheses, a priced plan, and phase by phase what to try next."""
