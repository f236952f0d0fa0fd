"""What each phase tries next. Each ``step`` returns a decision, or an empty one while jobs of the phase still run."""
