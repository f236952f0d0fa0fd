"""What is looked at before anything is spent, one file for each thing. Each answers with facts, or with the trouble met."""
