"""Stories: scenario files that change a cluster and assert what its network then does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from simnet.errors import ScenarioFailed, UsageError
from simnet.scenario.accept import accepted
from simnet.scenario.coverage import Coverage, Goal
from simnet.scenario.data import DATA_SUFFIXES, read_data
from simnet.scenario.model import Story
from simnet.scenario.reader import parse_story, read_story
from simnet.scenario.report import Report, text_of
from simnet.scenario.runner import Progress, run
from simnet.scenario.whole import must_assert

STORY_SUFFIX = ".story.md"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story, ready to run any number of times, each time from the start. `goals` is the coverage it wants."""

    story: Story
    goals: tuple[Goal, ...] = ()

    @classmethod
    def read(cls, path: Path | str) -> Scenario:
        """From a `*.story.md` or `*.scenario.yaml|yml|json` file. Raises ManifestError naming file, line and what would
        do."""
        return cls(*read_data(path)) if str(path).endswith(DATA_SUFFIXES) else cls(read_story(path))

    @classmethod
    def parse(cls, text: str, file: str = "story.md") -> Scenario:
        """From text."""
        return cls(parse_story(text, file))

    @property
    def title(self) -> str:
        return self.story.title

    def run(self, progress: Progress | None = None) -> Report:
        """Run every step and report. Raises ManifestError when the settings cannot be used, or nothing is asserted."""
        coverage = Coverage()
        report = run(must_assert(self.story), progress, coverage.note if self.goals else None)
        if not self.goals:
            return report
        return replace(report, steps=(*report.steps, coverage.report(self.goals)))

    def check(self) -> Report:
        """`run`, and raise ScenarioFailed with the whole report if a line did not hold."""
        __tracebackhide__ = True  # for pytest
        report = self.run()
        if not report.passed:
            raise ScenarioFailed(text_of([report]))
        return report

    def accept(self) -> str:
        """The story's text with the console output that did not match filled in anew; a story that asserts nothing yet
        is filled in too. Raises ManifestError for output that would not be read back as output; UsageError for a scenario
        that is data."""
        if self.story.file.endswith(DATA_SUFFIXES):
            raise UsageError(f"{self.story.file}: only {STORY_SUFFIX} files can be accepted; write this file by hand")
        return accepted(self.story)


def find_stories(paths: list[Path]) -> list[Path]:
    """The story files among `paths`, directories searched through, in the order of their names.

    Raises UsageError for a path that does not exist or holds no story.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            stories = sorted(each for suffix in (STORY_SUFFIX, *DATA_SUFFIXES) for each in path.rglob(f"*{suffix}"))
            if not stories:
                raise UsageError(f"{path}: no {STORY_SUFFIX} or {DATA_SUFFIXES[0]} file in this directory")
            found += stories
        elif path.is_file():
            found.append(path)
        else:
            raise UsageError(f"{path}: no such file or directory")
    return found


__all__ = ["Report", "Scenario", "Story", "find_stories", "text_of"]
