"""How evidence came to be what it is: a curve of bounded length."""

from dataclasses import dataclass, field

MOST_POINTS = 256


@dataclass(slots=True)
class Curve:
    """Points (unit, value), evenly spaced; when there are too many, every other one goes and the step doubles."""

    step: int = 1
    points: list[tuple[int, float]] = field(default_factory=list)
    last: tuple[int, float] = (0, 0.0)

    def note(self, unit: int, value: float) -> None:
        """The value after the unit-th unit."""
        self.last = unit, value
        if unit % self.step:
            return
        self.points.append((unit, value))
        if len(self.points) > MOST_POINTS:
            self.step *= 2
            self.points = [point for point in self.points if point[0] % self.step == 0]

    def all(self) -> list[tuple[int, float]]:
        """The points, the last one always."""
        return self.points if self.points and self.points[-1] == self.last else [*self.points, self.last]
