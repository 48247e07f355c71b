"""The pytest plugin: the fixture `cluster`, the marker `manifests`, and story and scenario files collected as tests, one item a
step.

Installed with the package (entry point pytest11); `-p no:simnet` turns it off.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simnet.cluster import Cluster
    from simnet.scenario.model import StoryStep
    from simnet.scenario.runner import Stage


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that fills in what commands print."""
    parser.getgroup("simnet").addoption(
        "--simnet-accept", action="store_true", default=False,
        help="write what commands really print into the story files whose output does not match")


def pytest_configure(config: pytest.Config) -> None:
    """The marker that gives the fixture `cluster` its manifests."""
    config.addinivalue_line(
        "markers", "manifests(*sources, **settings): apply these to the fixture `cluster` (files beside the test, or what "
        "Cluster.apply takes); settings are those of Cluster")


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """A fresh cluster with two nodes and the default add-ons, and what the marks `manifests` of the test, its class and
    its module say: settings of the nearest win, sources are applied from the farthest on."""
    __tracebackhide__ = True
    from simnet.cluster import Cluster
    from simnet.errors import SimnetError

    marks = [*reversed(list(request.node.iter_markers("manifests")))]
    settings = {key: value for mark in marks for key, value in mark.kwargs.items()}
    refused = ""
    try:
        made = Cluster(**{"nodes": 2, **settings})
        for source in (source for mark in marks for source in mark.args):
            made.apply(_beside(source, request.path.parent))
    except SimnetError as problem:
        refused = str(problem)
    if refused:
        pytest.fail(f"manifests: {refused}", pytrace=False)
    return made


def _beside(source: Any, directory: Path) -> Any:
    """A file name is taken from the test's own directory; text, mappings and lists as they are."""
    if isinstance(source, Path) or (isinstance(source, str) and "\n" not in source and ":" not in source):
        return directory / source
    return source


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Stories are tests."""
    if file_path.name.endswith((".story.md", ".scenario.yaml", ".scenario.yml", ".scenario.json")):
        return StoryFile.from_parent(parent, path=file_path)
    return None


class StoryFile(pytest.File):
    """One story; its steps run in order on one cluster, so a step selected alone first runs those before it."""

    def collect(self) -> Iterator[pytest.Item]:
        from simnet.errors import SimnetError
        from simnet.scenario import Scenario
        from simnet.scenario.runner import name_of
        from simnet.scenario.whole import must_assert

        try:
            scenario = Scenario.read(self.path)
            story = must_assert(scenario.story)
        except SimnetError as problem:
            raise self.CollectError(str(problem)) from None
        for seed in story.seeds:
            runs = _Runs(story, seed, accept=self.config.getoption("--simnet-accept"))
            for index, step in enumerate(story.steps):
                yield StepItem.from_parent(self, name=name_of(story, step, seed), runs=runs, index=index)
        if scenario.goals:
            yield CoverageItem.from_parent(self, name="coverage", scenario=scenario)


class CoverageItem(pytest.Item):
    """The coverage a scenario file asks for; it runs the whole file."""

    def __init__(self, *, scenario: Any, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.scenario = scenario

    def runtest(self) -> None:
        report = self.scenario.run().steps[-1]
        if report.failures:
            raise StepFailed("\n\n".join("\n".join(failure.lines()) for failure in report.failures))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, StepFailed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.scenario.goals[0].place.line - 1, "coverage"


class _Runs:
    """The stage of one story with one seed, as far as its steps have run. With `accept`, a step whose output does not
    match first has the file filled in; the file is written in one go, so that several workers may do it."""

    def __init__(self, story: Any, seed: Any, accept: bool = False) -> None:
        self.story, self.seed, self.accept = story, seed, accept
        self.stage: Stage | None = None
        self.next = 0

    def report_of(self, index: int) -> Any:
        """Run up to step `index` and return its report."""
        report = self._report_of(index)
        if self.accept and report.outputs:
            self._write()
            report = self._report_of(index)
        return report

    def _report_of(self, index: int) -> Any:
        from simnet.scenario.runner import run_step, stage_of
        from simnet.scenario.settings import ground_of

        if self.stage is None or index < self.next:
            self.stage, self.next = stage_of(ground_of(self.story, self.seed)), 0
        report = None
        while self.next <= index:
            step: StoryStep = self.story.steps[self.next]
            report = run_step(self.stage.fork() if step.is_thrown_away else self.stage, step, self.story.file)
            self.next += 1
        return report

    def _write(self) -> None:
        from simnet.scenario.accept import accepted
        from simnet.scenario.reader import read_story

        path = Path(self.story.file)
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        scratch.write_text(accepted(read_story(path)), encoding="utf-8")
        scratch.replace(path)
        self.story, self.stage, self.next = read_story(path), None, 0


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
