"""Prints how large modules and functions are, beside the budget. `python tests/sizes.py` fails when it is broken.

Budget: median function at most 8 lines, 90 % at most 30, none above 60 (docstring not counted); modules at most 450.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent / "simnet"
MEDIAN, NINETIETH, LONGEST, MODULE = 8, 30, 60, 450


def functions(tree: ast.AST) -> list[tuple[str, int, int]]:
    """(name, line, lines without docstring) of every function."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0]
            documented = ast.get_docstring(node, clean=False) is not None
            doc = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
            found.append((node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1 - doc))
    return found


def main() -> int:
    modules: list[tuple[Path, int]] = []
    sizes: list[int] = []
    broken: list[str] = []
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        lines = text.count("\n")
        modules.append((path, lines))
        if lines > MODULE:
            broken.append(f"{path.relative_to(ROOT.parent)}: {lines} lines, budget {MODULE}")
        for name, line, size in functions(ast.parse(text)):
            sizes.append(size)
            if size > LONGEST:
                broken.append(f"{path.relative_to(ROOT.parent)}:{line} {name}: {size} lines, budget {LONGEST}")
    sizes.sort()
    ninetieth = sizes[int(len(sizes) * 0.9)]
    print(f"modules    {len(modules)}, median {median(lines for _, lines in modules):g} lines, longest "
          f"{max(lines for _, lines in modules)} (budget {MODULE}); {sum(lines for _, lines in modules)} lines in all")
    print(f"functions  {len(sizes)}, median {median(sizes):g} (budget {MEDIAN}), 90 % at most {ninetieth} "
          f"(budget {NINETIETH}), longest {sizes[-1]} (budget {LONGEST})")
    if median(sizes) > MEDIAN or ninetieth > NINETIETH:
        broken.append("the median or the 90 % of function sizes is over budget")
    for each in broken:
        print(each)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
