"""The pytest plugin: the fixture `cluster`, and `*.story.md` files collected as tests, one item a step.

Installed with the package (entry point pytest11); `-p no:simnet` turns it off.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simnet.cluster import Cluster
    from simnet.scenario.model import StoryStep
    from simnet.scenario.runner import Stage


@pytest.fixture
def cluster() -> Cluster:
    """A fresh cluster with two nodes and the default add-ons."""
    from simnet.cluster import Cluster

    return Cluster(nodes=2)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Stories are tests."""
    if file_path.name.endswith(".story.md"):
        return StoryFile.from_parent(parent, path=file_path)
    return None


class StoryFile(pytest.File):
    """One story; its steps run in order on one cluster, so a step selected alone first runs those before it."""

    def collect(self) -> Iterator[pytest.Item]:
        from simnet.errors import SimnetError
        from simnet.scenario.reader import must_assert, read_story

        try:
            story = must_assert(read_story(self.path))
        except SimnetError as problem:
            raise self.CollectError(str(problem)) from None
        runs = _Runs(story)
        for index, step in enumerate(story.steps):
            yield StepItem.from_parent(self, name=step.name, runs=runs, index=index)


class _Runs:
    """The stage of one story, as far as its steps have run."""

    def __init__(self, story: Any) -> None:
        self.story = story
        self.stage: Stage | None = None
        self.next = 0

    def report_of(self, index: int) -> Any:
        """Run up to step `index` and return its report."""
        from simnet.scenario.runner import run_step, stage_of
        from simnet.scenario.settings import ground_of

        if self.stage is None or index < self.next:
            self.stage, self.next = stage_of(ground_of(self.story)), 0
        report = None
        while self.next <= index:
            step: StoryStep = self.story.steps[self.next]
            report = run_step(self.stage.fork() if step.mode == "what-if" else self.stage, step, self.story.file)
            self.next += 1
        return report


class StepFailed(Exception):
    """A step of a story did not hold."""


class StepItem(pytest.Item):
    """One step of a story."""

    def __init__(self, *, runs: _Runs, index: int, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.runs, self.index = runs, index

    def runtest(self) -> None:
        from simnet.errors import SimnetError

        try:
            report = self.runs.report_of(self.index)
        except SimnetError as problem:  # settings that cannot be used
            raise StepFailed(str(problem)) from None
        if report.failures:
            raise StepFailed("\n\n".join("\n".join(failure.lines()) for failure in report.failures))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, StepFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.runs.story.steps[self.index].line - 1, f"story step: {self.name}"
