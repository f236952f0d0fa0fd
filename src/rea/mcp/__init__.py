"""The face for programs: it translates ``api``, can read and can request, and has no way to decide."""
