"""Several campaigns under one budget: fold the portfolio's stream, decide who is dealt what, deliver it, forget."""
