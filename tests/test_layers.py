"""Imports point down only, there is no cycle, and some modules are imported only where the design allows it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "simnet"

# Highest first; a module may import from its own row and from rows below.
LAYERS = (
    ("edges", ("simnet.cli", "simnet.testing", "simnet.server", "simnet.__main__")),
    ("facade", ("simnet", "simnet.api")),
    ("scenario", ("simnet.scenario",)),
    ("console", ("simnet.console",)),
    ("diagnosis", ("simnet.diagnosis", "simnet.lint", "simnet.convert")),
    ("expect", ("simnet.expect",)),
    ("cluster", ("simnet.cluster", "simnet.compare")),
    ("render", ("simnet.explain",)),
    ("data plane", ("simnet.dataplane",)),
    ("control", ("simnet.control",)),
    ("store", ("simnet.store",)),
    ("settings", ("simnet.settings",)),
    ("objects", ("simnet.objects", "simnet.manifests", "simnet.images")),
    ("primitives", ("simnet.errors", "simnet.ip", "simnet.names", "simnet.labels", "simnet.clock", "simnet.x509",
                    "simnet.version")),
)
EDGES = ("simnet.cli", "simnet.testing", "simnet.server", "simnet.__main__")
STDLIB_RULES = {  # module -> where it may be imported; () means nowhere
    "ipaddress": (),
    "socket": (*EDGES, "simnet.ip"),
    "ssl": EDGES,
    "asyncio": EDGES,
    "argparse": (*EDGES, "simnet.console"),
    "time": EDGES,
    "networkx": ("simnet.dataplane.underlay", "simnet.explain.graph"),
}


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports_of(name: str) -> list[tuple[str, int, bool]]:
    """(imported module, line, inside a function) for every import statement, type-only ones included."""
    tree = tree_of(MODULES[name])
    inside = {id(child) for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
              for child in ast.walk(node)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno, id(node) in inside) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{name}:{node.lineno} imports relatively"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.append((whole if whole in MODULES else node.module, node.lineno, id(node) in inside))
    return found


def layer_of(name: str) -> int:
    best = -1, -1
    for row, (_, prefixes) in enumerate(LAYERS):
        for prefix in prefixes:
            if name == prefix or (prefix != "simnet" and name.startswith(prefix + ".")):
                best = max(best, (len(prefix), row))
    assert best[1] >= 0, f"{name} belongs to no layer"
    return best[1]


def within(name: str, places: tuple[str, ...]) -> bool:
    return any(name == place or name.startswith(place + ".") for place in places)


def test_every_module_belongs_to_a_layer() -> None:
    assert len(MODULES) > 50
    for name in MODULES:
        layer_of(name)


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name: str) -> None:
    climbing = [f"{name}:{line} imports {target}" for target, line, _ in imports_of(name)
                if target in MODULES and layer_of(target) < layer_of(name)]
    assert not climbing


def test_there_is_no_import_cycle() -> None:
    graph = nx.DiGraph()
    for name in MODULES:
        graph.add_edges_from((name, target) for target, _, _ in imports_of(name) if target in MODULES and target != name)
    assert list(nx.simple_cycles(graph)) == []


@pytest.mark.parametrize("module", STDLIB_RULES)
def test_a_restricted_module_is_imported_only_where_the_design_allows(module: str) -> None:
    wrong = [f"{name}:{line}" for name in MODULES for target, line, _ in imports_of(name)
             if target.split(".")[0] == module and not within(name, STDLIB_RULES[module])]
    assert not wrong


def test_networkx_is_only_imported_inside_functions() -> None:
    wrong = [f"{name}:{line}" for name in MODULES for target, line, inside in imports_of(name)
             if target.split(".")[0] == "networkx" and not inside]
    assert not wrong


def calls(tree: ast.AST) -> list[tuple[str, int]]:
    """Dotted names that are called or read, `datetime.now`, with their lines."""
    return [(f"{node.value.id}.{node.attr}", node.lineno) for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]


@pytest.mark.parametrize("name", [name for name in MODULES if not within(name, EDGES)])
def test_nothing_below_the_edges_reads_the_wall_clock_or_unseeded_random_or_the_terminal(name: str) -> None:
    forbidden = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "random.random", "random.choice",
                 "random.randint", "random.shuffle", "random.sample", "sys.stdout", "sys.stderr", "sys.stdin",
                 "os.urandom", "os.environ", "uuid.uuid4", "uuid.uuid1"}
    tree = tree_of(MODULES[name])
    assert [f"{name}:{line} {what}" for what, line in calls(tree) if what in forbidden] == []


OPENERS = ("simnet.manifests.files", "simnet.manifests.schema", "simnet.scenario", *EDGES)


@pytest.mark.parametrize("name", [name for name in MODULES if not within(name, OPENERS)])
def test_files_are_opened_only_in_the_reader_the_scenarios_and_the_edges(name: str) -> None:
    tree = tree_of(MODULES[name])
    opened = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Call) and (
        (isinstance(node.func, ast.Name) and node.func.id == "open")
        or (isinstance(node.func, ast.Attribute) and node.func.attr in ("read_text", "read_bytes", "write_text")))]
    assert opened == []


def test_the_repository_never_imports_ipaddress() -> None:
    """Tests included."""
    wrong = []
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        for node in ast.walk(tree_of(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
            wrong += [f"{path}:{node.lineno}" for each in names if each.split(".")[0] == "ipaddress"]
    assert wrong == []
