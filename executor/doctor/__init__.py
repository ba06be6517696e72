"""Checks that say whether a night would work on this machine with these settings; each of them really tries."""
