"""Options every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cases", metavar="DIR", default=None,
                     help="run the conformance tests on the case files of DIR instead of the committed ones")
    parser.addoption("--yaml-suite", metavar="DIR", default=None,
                     help="a copy of the yaml-test-suite to read (or set YAML_TEST_SUITE); without one its tests are skipped")
    parser.addoption("--long", action="store_true", default=False,
                     help="run long randomised tests in full size (default: one fiftieth, fixed seed)")


def pytest_configure(config: pytest.Config) -> None:
    from hypothesis import HealthCheck, settings

    config.addinivalue_line("markers", "runner: shows that the runner of a case file fails where it should")
    slow = [HealthCheck.too_slow]
    settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60, suppress_health_check=slow)
    settings.register_profile("long", deadline=None, max_examples=3000, suppress_health_check=slow)
    settings.load_profile("long" if config.getoption("--long") else "ci")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --cases only the conformance tests run, without those that spoil the committed cases to test the runner."""
    if config.getoption("--cases") is None:
        return
    kept = [item for item in items if "conformance" in Path(item.path).parts and item.get_closest_marker("runner") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> int:
    """50 with --long, else 1: how much larger long randomised runs are."""
    return 50 if request.config.getoption("--long") else 1


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


os.environ.setdefault("COLUMNS", "120")
