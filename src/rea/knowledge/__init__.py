"""From measurements to verdicts, from verdicts to insights."""
