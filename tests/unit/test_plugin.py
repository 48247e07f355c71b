"""The pytest plugin, where the order of items is not that of the story (see also test_testing_plugin.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

STORY = """\
# A story

## One makes it

```yaml apply
apiVersion: v1
kind: ConfigMap
metadata: {name: one}
```

```expect
count configmaps = 1
```

## What if it goes {what-if}

```console
$ kubectl delete configmap one
configmap "one" deleted ...
```

```expect
count configmaps = 0
```

## It is still there

```expect
count configmaps = 1
```

## It goes

```console
$ kubectl delete configmap one
configmap "two" deleted ...
```
"""


def test_items_run_in_any_order_and_a_failure_shows_its_report_alone(tmp_path: Path) -> None:
    """Two chosen steps, the later one first: each is run on a cluster that has seen the steps before it."""
    (tmp_path / "a.story.md").write_text(STORY)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "simnet.testing.plugin", "-p", "no:cacheprovider", "-rA", "--no-header",
         "--rootdir", str(tmp_path), "a.story.md::It goes", "a.story.md::It is still there", "a.story.md::One makes it"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr == ""
    assert "PASSED a.story.md::It is still there" in done.stdout and "PASSED a.story.md::One makes it" in done.stdout
    assert f"{tmp_path / 'a.story.md'}:35  FAIL" in done.stdout
    assert 'configmap "one" deleted' in done.stdout and 'configmap "two" deleted' in done.stdout
    assert "2 passed" in done.stdout and "1 failed" in done.stdout
    assert "Traceback" not in done.stdout and "plugin.py" not in done.stdout.replace(str(tmp_path), "")
