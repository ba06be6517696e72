"""Writes code for a task, sees what failed, tries again, reflects. Knows nothing of the Trainer."""
