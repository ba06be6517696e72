"""What the Builder's last code tells about itself."""

from builder.python_names import imported_modules
from memory.attempts import AttemptResult
from memory.code_style import style_words
from memory.make_belog import Finding

LOW = 0.6
HABITS_TOLD = 3


def find(result: AttemptResult, code: str) -> Finding:
    """Modules that the code imports, where it is worse than the reference, and which poor habits it shows."""
    score, suggestions = result.score, []
    if score is not None and score.accuracy == 1:
        if score.speed is not None and score.speed < LOW:
            suggestions.append(f"slower than the reference: speed {score.speed:.2f} of 1")
        if score.elegance is not None and score.elegance < LOW:
            suggestions.append(f"longer or more complex than the reference: elegance {score.elegance:.2f} of 1")
        suggestions += [f"{style_words(each.rule)}: {each.text}" for each in score.issues[:HABITS_TOLD]]
    return Finding(imported_modules(code), tuple(suggestions))
