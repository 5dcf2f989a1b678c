"""The programs hold the users' code as the documents have it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.seeds.program import BLOCKS, Edit, Program, plain

DOCUMENTS = Path(__file__).parents[3] / "shared" / "seeds"
NAMES = sorted(path.stem for path in BLOCKS.glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_program_holds_the_code_of_its_document(name: str) -> None:
    if not DOCUMENTS.is_dir():
        pytest.skip("the documents are not in the repository; they are compared where they lie beside the checkout")
    program = Program(name)
    (document,) = DOCUMENTS.glob(f"{program.document}_*.txt")
    text = "\n" + plain(document.read_text(encoding="utf-8").splitlines())
    at = 0
    for part in program.parts():
        found = text.find(f"\n{part.rstrip()}", at)  # its last line may run into the sentence that follows
        assert found >= 0, f"{document.name} does not have this after character {at}:\n{part}"
        at = found + len(part)


@pytest.mark.parametrize("name", NAMES)
def test_program_has_a_part_and_no_edit_but_of_slips(name: str) -> None:
    program = Program(name)
    assert list(program.parts())
    assert [edit for edit in program.edits() if not edit.is_slip()] == []


@pytest.mark.parametrize(
    ("code", "original"),
    [
        ("class A(B):", "class A(B)"),
        ("f(x=1,", "f(x=1"),
        ("f(x=1)", "f(x=1, ...)"),
        ("f(x=1)", "f(..., x=1)"),
        ("", "..."),
    ],
)
def test_adding_what_is_missing_is_an_edit_of_a_slip(code: str, original: str) -> None:
    assert Edit(code, original).is_slip()


@pytest.mark.parametrize(("code", "original"), [("f(x=2)", "f(x=1)"), ("", "f(x=1)"), ("f(x=1, y=2)", "f(x=1, ...)")])
def test_anything_else_is_no_edit_of_a_slip(code: str, original: str) -> None:
    assert not Edit(code, original).is_slip()


def test_readme_names_every_program() -> None:
    readme = (BLOCKS.parent / "README.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"| `{name}`" not in readme] == []
