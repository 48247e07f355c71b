"""Case files that cannot be read, that hold no row, or that nobody reads: each is a failure that names the file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.case_files import CASES, load, read, rows_of

ROOT = Path(__file__).resolve().parents[2]

UNREADABLE = [  # what the file holds, what is said
    ('{"groups": [', "is not JSON: Expecting value: line 1 column 13"),
    ("[]", "is a JSON list, not an object"),
    ("", "is not JSON: Expecting value"),
]


@pytest.mark.parametrize(("text", "message"), UNREADABLE, ids=[row[1] for row in UNREADABLE])
@pytest.mark.runner
def test_an_unreadable_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "dns.json"
    path.write_text(text)
    with pytest.raises(pytest.UsageError) as caught:
        read(path)
    assert f"{path} {message}" in str(caught.value)


@pytest.mark.runner
def test_a_file_may_lack_one_list_but_not_hold_no_row() -> None:
    assert rows_of({"cases": [], "sliceCases": [1]}, "services.json", "cases", "sliceCases") == []
    for data in ({}, {"cases": []}, {"cases": [], "sliceCases": []}):
        with pytest.raises(AssertionError, match=r"services\.json has no case: nothing in cases, sliceCases"):
            rows_of(data, "services.json", "cases", "sliceCases")
    with pytest.raises(AssertionError, match="must be lists"):
        rows_of({"cases": {"id": 1}}, "services.json", "cases")


SLICES = json.loads((CASES / "services.json").read_text(encoding="utf-8"))["sliceCases"][:1]


@pytest.mark.runner
def test_a_given_folder_is_run_as_far_as_it_goes_and_told_where_not(tmp_path: Path) -> None:
    """One list of services.json alone is enough; network policies, which nobody runs yet, fail."""
    (tmp_path / "services.json").write_text(json.dumps({"sliceCases": SLICES}), encoding="utf-8")
    (tmp_path / "netpol.json").write_text(json.dumps({"cases": [{}]}), encoding="utf-8")
    files = [f"tests/conformance/{name}" for name in ("test_slice_cases.py", "test_case_files.py")]
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, f"--cases={tmp_path}"],
                          cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "1 failed, 1 passed" in done.stdout) == (1, True), done.stdout[-3000:]
    assert "network policies are not modelled" in done.stdout


def test_network_policies_of_a_given_folder(request: pytest.FixtureRequest) -> None:
    """netpol.json is a known file, but policies are not judged yet: rows that nobody runs may not pass."""
    if request.config.getoption("--cases") is not None and load(request.config, "netpol.json") is not None:
        pytest.fail("netpol.json: network policies are not modelled yet")
