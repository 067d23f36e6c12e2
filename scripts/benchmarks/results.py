"""What was measured: the samples of every contender, and what follows from them."""

from dataclasses import asdict
from functools import reduce
from statistics import median


class Results:
    """Figures are medians over the rounds; the least and the most stand beside them."""

    def __init__(self, facts):
        self.facts = facts
        self.rounds = {}
        self.stages = {}
        self.skipped = {}

    def add(self, contender, steps):
        """One round: a sample for each step."""
        self.rounds.setdefault(contender.name, []).append(steps)

    def add_stages(self, contender, seconds):
        """How long the stages of a run took, by their names, in their order."""
        for stage, duration in seconds:
            self.stages.setdefault(contender.name, {}).setdefault(stage, []).append(duration)

    def has(self, name):
        return name in self.rounds

    def samples(self, name):
        return [reduce(lambda done, step: done.followed_by(step), steps) for steps in self.rounds[name]]

    def figure(self, name, of):
        """The median of one figure, as Sample calls it."""
        return median(getattr(sample, of) for sample in self.samples(name))

    def step(self, name, number, of):
        return median(getattr(steps[number], of) for steps in self.rounds[name])

    def range(self, name):
        walls = [sample.wall for sample in self.samples(name)]
        return min(walls), max(walls)

    def ratio(self, over, under, of="wall"):
        """How many times one figure is another; None where one of both was not measured."""
        if not (self.has(over) and self.has(under)):
            return None
        return self.figure(over, of) / max(self.figure(under, of), 1e-9)

    def as_json(self):
        return {
            "facts": self.facts,
            "skipped": self.skipped,
            "stages": self.stages,
            "rounds": {name: [[asdict(step) for step in steps] for steps in rounds] for name, rounds in self.rounds.items()},
        }
