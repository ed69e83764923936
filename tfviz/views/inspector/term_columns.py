"""Which columns a table of terms has, and what is said once because it is the same in all of them."""

from dataclasses import dataclass

from PySide6.QtCore import Qt

from tfviz.core.provenance import Factor, Term
from tfviz.views.inspector.cell_text import number_text


@dataclass(frozen=True)
class Column:
    """`kind` is "part", "factor" (of which `number` counts), "function", "product" or "share"."""

    kind: str
    title: str
    number: int = 0


def columns_of(terms: tuple[Term, ...]) -> list[Column]:
    if not terms:
        return []
    columns = [Column("product", "product"), Column("share", "share")]
    common = constants_of_all(terms)
    for number in range(max(len(term.factors) for term in terms)):
        if number in common:
            continue
        symbols = [term.factors[number].symbol for term in terms if number < len(term.factors)]
        columns.append(Column("factor", max(set(symbols), key=symbols.count), number))
    if function_of_all(terms) is None:
        columns.append(Column("function", "function"))
    if any(term.part for term in terms):
        columns.append(Column("part", "part"))
    return columns


def function_of_all(terms: tuple[Term, ...]) -> str | None:
    """What is made of the factors of every term; empty for their product, None where terms differ."""
    functions = {term.function for term in terms}
    return functions.pop() if len(functions) == 1 else None if functions else ""


def constants_of_all(terms: tuple[Term, ...]) -> dict[int, Factor]:
    """The constants that all of several terms have, by their place among the factors."""
    if len(terms) < 2:
        return {}
    at_one_place = enumerate(zip(*(term.factors for term in terms), strict=False))
    return {
        place: factors[0]
        for place, factors in at_one_place
        if factors[0].cell is None and len(set(factors)) == 1
    }


def said_of_all(terms: tuple[Term, ...]) -> str:
    """What need not stand in every row, such as "each times 1 / sqrt(width) = 0.25"; empty where there is nothing."""
    function = function_of_all(terms) or ""
    beside = "with" if function else "times"
    constants = [f"{each.symbol} = {number_text(each.value)}" for each in constants_of_all(terms).values()]
    words = ", ".join(filter(None, [function, *(f"{beside} {each}" for each in constants)]))
    return f"each {words}" if words and len(terms) > 1 else words


def percent(share: float | None) -> str:
    """In a few letters, however large."""
    if share is None:
        return "\N{EN DASH}"
    if abs(share) >= 100:
        return f"{number_text(100 * share, 2)}%"
    return f"{share:z.{0 if abs(share) >= 1 else 1}%}".replace("-", "\N{MINUS SIGN}")


def alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column.kind in ("part", "function") else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
