"""From what another tool recorded to insights: runs, which lever each parameter is, and what follows from their differences."""
