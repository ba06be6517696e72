"""The ground floor: settings, errors, clock, files, text, the model client. Imports no floor above."""
