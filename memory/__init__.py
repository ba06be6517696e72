"""What is remembered: types, the event log that is the only truth, and the views folded from it."""
