"""Many scenario files: one after the other, or several at once in processes of their own. The reports are the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from pathlib import Path

from simnet.errors import SimnetError
from simnet.scenario import Scenario
from simnet.scenario.report import Report
from simnet.scenario.runner import Progress

Done = Callable[[Path], None]


def run_file(path: Path, accept: bool = False, progress: Progress | None = None) -> Report:
    """Run one file; with `accept` write into it what the commands really print. What cannot be read or written, and a
    defect of simnet's own, is the report's error: never raises."""
    try:
        scenario = Scenario.read(path)
        if accept:
            text = scenario.accept()
            if text != scenario.story.text:
                path.write_text(text, encoding="utf-8")
                scenario = Scenario.read(path)
        return scenario.run(progress)
    except SimnetError as problem:
        return Report(str(path), path.name, error=str(problem))
    except OSError as problem:
        return Report(str(path), path.name, error=f"{path}: cannot be written: {problem.strerror}")


def run_many(paths: Sequence[Path], *, jobs: int = 1, executor: Executor | None = None, accept: bool = False,
             done: Done | None = None) -> list[Report]:
    """The reports of all files, in the order of `paths` whatever finishes first.

    `executor` is any `concurrent.futures.Executor`; without one, `jobs` processes are used, or none for one job. A file
    whose process dies is reported with the reason. `done` is called with each path as its turn comes to be reported.
    """
    if executor is None and jobs > 1:
        with ProcessPoolExecutor(jobs) as pool:
            return run_many(paths, executor=pool, accept=accept, done=done)
    waiting = [(path, executor.submit(run_file, path, accept) if executor is not None else None) for path in paths]
    reports = []
    for path, future in waiting:
        reports.append(_result(path, future) if future is not None else run_file(path, accept))
        if done is not None:
            done(path)
    return reports


def _result(path: Path, future: Future[Report]) -> Report:
    try:
        return future.result()
    except Exception as problem:  # whatever the executor or its process died of
        return Report(str(path), path.name,
                      error=f"{path}: the process that ran it failed: {type(problem).__name__}: {problem}")
