"""Every equation in the worked examples of docs/cost-model.md is right, and every rule has one."""

import ast
import operator
import re
from fractions import Fraction
from pathlib import Path

import pytest

SIGNS = str.maketrans({"\N{MULTIPLICATION SIGN}": "*", "\N{MINUS SIGN}": "-"})
DOCUMENT = (Path(__file__).parents[1] / "docs" / "cost-model.md").read_text("utf-8").translate(SIGNS)
RULES = [*(f"C{number}" for number in range(1, 14)), "Assets"]

MINUTES = re.compile(r"(\d+) min (\d+) s\b")
UNIT = re.compile(r"(?<=\d) (?:core-s|core-h|GiB-s|GiB-h|GiB|bytes|s|h)(?![\w-])")
OPERAND = r"\(*\d+(?:\.\d+)?\)*"
SIDE = rf"{OPERAND}(?: [-+*/] {OPERAND})*"
EQUATION = re.compile(rf"(?<![\d.:]){SIDE}(?: = {SIDE})+")
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def worked_examples(document: str) -> dict[str, str]:
    """The block quotes of each section, in one line, by the first word of its heading."""
    sections = re.split(r"^## ", document, flags=re.MULTILINE)[1:]
    quoted = {section.split()[0]: re.findall(r"^> ?(.*)", section, re.MULTILINE) for section in sections}
    return {name: " ".join(lines) for name, lines in quoted.items()}


def equations(text: str) -> list[list[str]]:
    """The sides of each equation in ``text``, without units; minutes and seconds are seconds."""
    plain = UNIT.sub("", MINUTES.sub(r"(\1 * 60 + \2)", text))
    return [found.split(" = ") for found in EQUATION.findall(plain)]


def value(side: str) -> Fraction:
    """What ``side`` comes to, exactly."""

    def of(node: ast.expr) -> Fraction:
        if isinstance(node, ast.BinOp):
            result: Fraction = OPERATORS[type(node.op)](of(node.left), of(node.right))
            return result
        return Fraction(side[node.col_offset : node.end_col_offset])

    return of(ast.parse(side, mode="eval").body)


def is_right(sides: list[str]) -> bool:
    """Whether each side is the number that the last one gives, but for the rounding of its last digit."""
    *_, result = sides
    rounding = Fraction(1, 2 * 10 ** len(result.partition(".")[2]))
    return all(abs(value(side) - Fraction(result)) <= rounding for side in sides)


EXAMPLES = worked_examples(DOCUMENT)


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_has_a_worked_example_and_its_equations_are_right(rule: str) -> None:
    found = equations(EXAMPLES[rule])
    assert found
    assert [" = ".join(sides) for sides in found if not is_right(sides)] == []


@pytest.mark.parametrize("rule", RULES)
def test_no_equation_of_an_example_is_overlooked(rule: str) -> None:
    assert sum(len(sides) - 1 for sides in equations(EXAMPLES[rule])) == EXAMPLES[rule].count("=")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        pytest.param("for 39 min 45 s = 2385 s it ran", True, id="minutes-and-seconds"),
        pytest.param("at 10:20, 2 / 3 = 0.67", True, id="rounded"),
        pytest.param("so 2 / 3 = 0.66.", False, id="cut-off"),
        pytest.param("3 GiB * (0.02 + 0.10) = 3 * 0.12 = 0.36", True, id="chain"),
        pytest.param("3 * 0.13 = 3 * 0.12 = 0.36", False, id="wrong-within-a-chain"),
        pytest.param("5 - 2 - 1 = 2", True, id="from-the-left"),
    ],
)
def test_an_equation_is_read_as_written(text: str, right: bool) -> None:
    assert [is_right(sides) for sides in equations(text)] == [right]
