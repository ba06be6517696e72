"""Many nights at once, as numpy arrays with a leading axis of nights, for the goals of learning."""
