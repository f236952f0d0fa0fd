"""A reader of logs beside the diagnosis of first principles: it suggests, a rerun decides."""
