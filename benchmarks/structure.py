"""How the source is built, in figures: `python -m benchmarks.structure [--against REV]`.

Reads source text only and runs none of it, so that any revision can be measured. The simulated
market, which the product never imports, is left out wherever it stands.

- An *arrow* is one module that imports another (at its top, inside a function, or for types only),
  counted once. A name that a package re-exports is an arrow to the module that defines it.
- *One importer*: a module that exactly one other module imports (`__init__` does not count).
- A *cycle* is a set of modules that import one another at run time, inside functions or not.
- A *walk* follows calls and classes by name from one use case through the folders where film work
  is composed and done (not the ground below: core, stats, lake, engine, control, workspace, feeds,
  people, traits, audiences, films, consent). *Rooms* are the modules it enters, with how many of
  them stand in the folder that composes use cases; *returns* are the calls that lead back into a
  room entered before. Methods of values are not followed.
"""

import argparse
import ast
import io
import subprocess
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "fullhouse"
APART = ("simulation",)
"""Folders of the package that are not counted: where the simulated market once stood."""
LONG = 40
GROUND = {
    "activation.deliver", "audiences", "cli", "consent", "control", "core", "engine", "errors",
    "events", "feeds", "films", "lake", "people", "settings", "stats", "tables", "traits",
    "values", "workspace", "pipeline.workspace", "app.use_case",
}  # fmt: skip
COMPOSING = ("app", "pipeline")
WALKS = {
    "a film to its cards": ("discover_film",),
    "a plan to its launch": ("campaign_launch", "launch_campaign"),
    "a launch to its readout": ("campaign_readout", "read_campaign"),
}
"""The use cases that a walk begins with, by each name that they have had."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """One file: its text as a tree, and the names that its imports bind."""

    name: str
    lines: int
    tree: ast.Module
    package: bool
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Local name -> (module, name in it); the name is empty when it is a whole module."""
    runtime: set[tuple[str, str]] = field(default_factory=set)
    """What of these is imported when the module or one of its functions runs."""

    @property
    def folder(self) -> str:
        """The stage's folder that the module stands in."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 2 or (self.package and len(parts) > 1) else ""

    @cached_property
    def defined(self) -> dict[str, ast.stmt]:
        """What stands at the top level of the module, by name."""
        return {
            s.name: s
            for s in self.tree.body
            if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }


@dataclass
class Source:
    """All modules of the package in one revision."""

    modules: dict[str, Module]

    def resolved(self, module: str, name: str, depth: int = 0) -> tuple[str, str]:
        """The module that defines a name, through packages that re-export it."""
        whole = f"{module}.{name}"
        if name and whole in self.modules:
            return whole, ""
        at = self.modules.get(module)
        if at is not None and name in at.names and name not in at.defined and depth < 6:
            return self.resolved(*at.names[name], depth + 1)
        return module, name

    def used(self, module: Module, node: ast.AST) -> Iterator[tuple[str, str]]:
        """Every imported name that stands in a piece of code, with the module that defines it."""
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                bound = module.names.get(part.value.id)
                if bound:
                    target, rest = self.resolved(*bound)
                    if not rest and target in self.modules:
                        yield self.resolved(target, part.attr)
            elif isinstance(part, ast.Name) and part.id in module.names:
                yield self.resolved(*module.names[part.id])

    @cached_property
    def arrows(self) -> set[tuple[str, str]]:
        """Every module with every other that it imports."""
        return self._arrows(runtime=False)

    @cached_property
    def runtime_arrows(self) -> set[tuple[str, str]]:
        """Arrows without those that only type checkers follow, and without re-exports."""
        return self._arrows(runtime=True)

    def _arrows(self, *, runtime: bool) -> set[tuple[str, str]]:
        arrows = set()
        for module in self.modules.values():
            bound = module.runtime if runtime else set(module.names.values())
            targets = {self.resolved(*b)[0] for b in bound}
            if not runtime:
                targets |= {target for target, _ in self.used(module, module.tree)}
            arrows |= {(module.name, t) for t in targets if t in self.modules and t != module.name}
        return {(a, b) for a, b in arrows if not self.modules[a].package}


def read(folder: Path) -> Source:
    """The modules under `src/fullhouse` of a folder."""
    modules = {}
    for path in sorted((folder / "src" / PACKAGE).rglob("*.py")):
        parts = path.relative_to(folder / "src").with_suffix("").parts
        package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if package else parts)
        if len(parts) > 1 and parts[1] in APART:
            continue
        text = path.read_text("utf-8")
        module = Module(name, len(text.splitlines()), ast.parse(text), package)
        _bind(module, module.tree, runtime=True)
        modules[name] = module
    return Source(modules)


def read_revision(revision: str) -> Source:
    """The modules as of a Git revision."""
    packed = subprocess.run(
        ["git", "archive", revision, "src"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        return read(Path(folder))


def _bind(module: Module, node: ast.AST, *, runtime: bool) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            for local, target in _bound(module, child):
                module.names[local] = target
                if runtime:
                    module.runtime.add(target)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for part in child.body:
                _bind(module, ast.Module([part], []), runtime=False)
            _bind(module, ast.Module(child.orelse, []), runtime=runtime)
        else:
            _bind(module, child, runtime=runtime)


def _bound(
    module: Module, node: ast.Import | ast.ImportFrom
) -> Iterator[tuple[str, tuple[str, str]]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] == PACKAGE:
                yield alias.asname or alias.name.split(".")[0], (alias.name, "")
        return
    base = node.module or ""
    if node.level:
        parts = module.name.split(".")
        stem = parts[: len(parts) - node.level + module.package]
        base = ".".join([*stem, *([node.module] if node.module else [])])
    if base.split(".")[0] == PACKAGE:
        for alias in node.names:
            yield alias.asname or alias.name, (base, alias.name)


def cycles(arrows: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The sets of modules that reach one another (Tarjan's strongly connected components)."""
    following: dict[str, set[str]] = defaultdict(set)
    for a, b in arrows:
        following[a].add(b)
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    parts: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(following[node]):
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            at = stack.index(node)
            part, stack[at:] = stack[at:], []
            if len(part) > 1:
                parts.append(sorted(part))

    for node in sorted(following):
        if node not in index:
            visit(node)
    return parts


def walk(source: Source, verbs: Iterable[str]) -> tuple[list[str], int]:
    """The modules that a use case enters, in order, and how often a call leads back into one."""
    start = next(
        (m for m in source.modules.values() for v in verbs if v in m.defined and m.folder != "cli"),
        None,
    )
    if start is None:
        return [], 0
    verb = next(v for v in verbs if v in start.defined)
    rooms: list[str] = []
    visited: set[tuple[str, str]] = set()
    returns = 0

    def enter(module: Module, name: str) -> None:
        nonlocal returns
        visited.add((module.name, name))
        if module.name not in rooms:
            rooms.append(module.name)
        node = module.defined.get(name)
        if node is None:
            return
        for target, used in sorted(set(_calls(source, module, node))):
            if _ground(target) or (target, used) in visited:
                continue
            if target != module.name and target in rooms:
                returns += 1
            enter(source.modules[target], used)

    enter(start, verb)
    return rooms, returns


def _calls(source: Source, module: Module, node: ast.AST) -> Iterator[tuple[str, str]]:
    """The functions and classes that a function calls, elsewhere and in its own module."""
    calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
    # A function that is handed on is called there: `remembered(context, partial(_discover, film))`.
    handed = [a for c in calls for a in (*c.args, *(k.value for k in c.keywords))]
    called = [c.func for c in calls]
    called += [a for a in handed if isinstance(a, ast.Name | ast.Attribute)]
    for function in called:
        if isinstance(function, ast.Name) and function.id in module.defined:
            yield module.name, function.id
            continue
        for target, name in source.used(module, function):
            at = source.modules.get(target)
            if at is not None and isinstance(at.defined.get(name), Function | ast.ClassDef):
                yield target, name


def _ground(module: str) -> bool:
    inside = module.removeprefix(f"{PACKAGE}.")
    return inside in GROUND or inside.split(".")[0] in GROUND


def figures(source: Source) -> dict[str, int | str]:
    """Everything that is counted, by what it is."""
    plain = {n: m for n, m in source.modules.items() if not m.package}
    inside = sum(_same_folder(source, a, b) for a, b in source.arrows)
    classes = Counter(
        name
        for module in plain.values()
        for name, node in module.defined.items()
        if isinstance(node, ast.ClassDef) and not name.startswith("_")
    )
    importers = Counter(b for a, b in source.arrows if a in plain and b in plain)
    loops = cycles(source.runtime_arrows)
    result: dict[str, int | str] = {
        "files": len(source.modules),
        "lines": sum(m.lines for m in source.modules.values()),
        **_floors(source),
        "arrows inside folders": inside,
        "arrows between folders": len(source.arrows) - inside,
        "class names that stand for several classes": sum(n > 1 for n in classes.values()),
        "modules with one importer": sum(n == 1 for n in importers.values()),
        f"modules under {LONG} lines": sum(m.lines < LONG for m in plain.values()),
        f"functions over {LONG} lines": sum(_long(m) for m in plain.values()),
        "import cycles": len(loops),
        "modules in import cycles": sum(len(c) for c in loops),
    }
    for name, verbs in WALKS.items():
        rooms, returns = walk(source, verbs)
        composing = sum(r.split(".")[1] in COMPOSING for r in rooms)
        result[name] = f"{len(rooms)} rooms ({composing} composing), {returns} returns"
    return result


def _floors(source: Source) -> dict[str, int | str]:
    upper = [
        m for m in source.modules.values() if m.folder in ("app", "view", "pipeline", "report")
    ]
    return {
        "files of app and view (pipeline and report)": len(upper),
        "lines of app and view (pipeline and report)": sum(m.lines for m in upper),
    }


def _same_folder(source: Source, first: str, second: str) -> bool:
    return source.modules[first].folder == source.modules[second].folder


def _long(module: Module) -> int:
    return sum(
        (node.end_lineno or 0) - node.lineno + 1 > LONG
        for node in ast.walk(module.tree)
        if isinstance(node, Function)
    )


def show(now: Source, before: Source | None, revision: str) -> None:
    """Print the figures as a Markdown table."""
    current = figures(now)
    old = figures(before) if before else {}
    print(f"| | {f'{revision} | ' if before else ''}now |")
    print("| --- | " + ("---: | " if before else "") + "---: |")
    for name, value in current.items():
        print(f"| {name} | " + (f"{_text(old[name])} | " if before else "") + f"{_text(value)} |")


def _text(value: int | str) -> str:
    return value if isinstance(value, str) else f"{value:,}"


def details(source: Source) -> None:
    """Print which modules stand behind the figures, to be looked at one by one."""
    plain = {n: m for n, m in source.modules.items() if not m.package}
    places = defaultdict(list)
    for module in plain.values():
        for name, node in module.defined.items():
            if isinstance(node, ast.ClassDef) and not name.startswith("_"):
                places[name].append(module.name)
        for part in ast.walk(module.tree):
            if isinstance(part, Function) and (part.end_lineno or 0) - part.lineno + 1 > LONG:
                print(f"long function: {module.name}.{part.name}")
        if module.lines < LONG:
            print(f"short module: {module.name}, {module.lines} lines")
    for name, where in places.items():
        if len(where) > 1:
            print(f"one class name, several classes: {name} in {', '.join(where)}")
    by = defaultdict(list)
    for a, b in source.arrows:
        if a in plain and b in plain:
            by[b].append(a)
    for name in sorted(n for n in by if len(by[n]) == 1):
        print(f"one importer: {name}, of {by[name][0]}")
    for loop in cycles(source.runtime_arrows):
        print(f"import cycle: {', '.join(loop)}")
    for name, verbs in WALKS.items():
        print(f"{name}: {', '.join(walk(source, verbs)[0])}")


def main() -> None:
    """Print the figures of the working tree, beside those of another revision when one is named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--against", metavar="REV", help="a Git revision to stand beside it")
    parser.add_argument("--details", action="store_true", help="print the modules behind it")
    asked = parser.parse_args()
    now = read(ROOT)
    show(now, read_revision(asked.against) if asked.against else None, asked.against or "")
    if asked.details:
        print()
        details(now)


if __name__ == "__main__":
    main()
