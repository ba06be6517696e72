"""Runs untrusted code in sandboxes, and decides verdicts outside the graded process."""
