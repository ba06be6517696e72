"""Grading: the candidate answers calls in one sandboxed process, the checks run in another, the host decides.

Cases and fresh inputs need no second process: the host compares. Programs are run as a whole. Only tests that need the
solution's own classes share its process, and their verdicts are no evidence (cooperative.py).

The candidate's process never holds the checks, the expected values or the comparison. What crosses between the two
is plain data (wire.py), and the host relays it. Not covered here: a candidate that tells the judge's inputs apart
and answers only those (hard-coding), and side channels between two processes of one machine.
"""
