"""The morning report: one HTML file that tells of a night, made from what every other command reads."""
