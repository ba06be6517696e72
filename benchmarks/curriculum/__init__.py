"""Which way of choosing tasks brings a learner furthest? Simulated learners, the Trainer and six other ways."""
