"""An autonomous ranking engineer: question, hypotheses, plan, approval, experiments, verdicts, insights, and again."""
