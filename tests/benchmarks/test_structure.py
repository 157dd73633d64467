"""The figures of the source's structure, on a package small enough to count by hand."""

from pathlib import Path

import pytest

from benchmarks.structure import Source, cycles, figures, read, walk

FILES = {
    "__init__.py": "",
    "core/__init__.py": "",
    "core/ground.py": "def base():\n    return 1\n",
    "stage/__init__.py": "from fullhouse.stage.verb import act\n",
    "stage/noun.py": "class Plan:\n    pass\n",
    "stage/verb.py": (
        "from fullhouse.core import ground\n"
        "from fullhouse.stage.noun import Plan\n"
        "def act():\n    helper()\n    return Plan(), ground.base()\n"
        "def helper():\n    pass\n"
    ),
    "stage/late.py": "def late():\n    from fullhouse.stage.ring import ring\n    return ring\n",
    "stage/ring.py": "from fullhouse.stage.late import late\ndef ring():\n    return late\n",
    "app/__init__.py": "",
    "app/discover.py": (
        "from typing import TYPE_CHECKING\n"
        "from fullhouse import stage\n"
        "if TYPE_CHECKING:\n    from fullhouse.app.other import Plan\n"
        "def discover_film():\n    return run(stage.act)\n"
        "def run(verb):\n    return verb()\n"
    ),
    "app/other.py": "class Plan:\n    pass\n" + "def long():\n" + "    pass\n" * 41,
}


@pytest.fixture
def source(tmp_path: Path) -> Source:
    for name, text in FILES.items():
        path = tmp_path / "src" / "fullhouse" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read(tmp_path)


def test_arrows_go_through_re_exports_to_the_defining_module(source: Source) -> None:
    assert ("fullhouse.app.discover", "fullhouse.stage.verb") in source.arrows
    assert not any(to == "fullhouse.stage" and of == "fullhouse.stage" for of, to in source.arrows)


def test_a_cycle_through_an_import_inside_a_function_counts(source: Source) -> None:
    assert cycles(source.runtime_arrows) == [["fullhouse.stage.late", "fullhouse.stage.ring"]]


def test_an_import_for_types_only_is_an_arrow_and_no_cycle(source: Source) -> None:
    arrow = ("fullhouse.app.discover", "fullhouse.app.other")
    assert arrow in source.arrows
    assert arrow not in source.runtime_arrows


def test_the_figures_are_those_counted_by_hand(source: Source) -> None:
    counted = figures(source)
    assert counted["files"] == len(FILES)
    assert counted["class names that stand for several classes"] == 1
    assert counted["functions over 40 lines"] == 1
    assert counted["modules under 40 lines"] == 6
    assert counted["modules in import cycles"] == 2


def test_a_walk_enters_the_stage_and_not_the_ground_below(source: Source) -> None:
    rooms, returns = walk(source, ("discover_film",))
    assert rooms == ["fullhouse.app.discover", "fullhouse.stage.verb", "fullhouse.stage.noun"]
    assert returns == 0
