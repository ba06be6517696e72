"""The memory in a browser while the loop runs: the morning report as it grows, its documents, and steering."""
