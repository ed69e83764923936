"""Draws resources/formulas/*.svg from formulas.toml: python -m tests.figures.draw_formulas

Run by hand after a formula was changed, with ziamath installed beside the program's own packages (pip install ziamath);
the program itself only shows the pictures. Glyphs are outlines, so a picture looks the same on every machine. Colours
are the light theme's; the program exchanges them (tfviz/views/inspector/formula_picture.py).
"""

import re
import tomllib
import xml.etree.ElementTree as Xml
from pathlib import Path

from tfviz.resources import RESOURCES
from tfviz.views.style.theme import LIGHT

SOURCES = Path(__file__).with_name("formulas.toml")
SIZE, SMALL = 17.0, 12.0
FORMULAS_AT, MARGIN, GAP = 76.0, 4.0, 13.0

COLOURED = {"grad": "gradient", "param": "parameter", "query": "query", "key": "key", "val": "value"}
"""Macros and the tokens of their colours."""


def expanded(tex: str) -> str:
    r"""TeX without macros of our own, innermost first: \grad{x} becomes a coloured fraction."""
    innermost = re.compile(r"\\(grad|param|query|key|val)\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
    while found := next((match for match in innermost.finditer(tex) if "\\grad{" not in match[2]), None):
        body = found[2]
        if found[1] == "grad":
            body = rf"\frac{{\partial L}}{{\partial {body}}}"
        coloured = rf"\textcolor{{{getattr(LIGHT, COLOURED[found[1]])}}}{{{body}}}"
        tex = tex[: found.start()] + coloured + tex[found.end() :]
    return tex


def description(rows: dict[str, list[str]]) -> str:
    """What a picture says of itself: the lines of its source."""
    return "\n".join(f"{part}: {tex}" for part, lines in rows.items() for tex in lines)


def drawn(rows: dict[str, list[str]]) -> str:
    """The picture: a column that says what a line is, and the formulas."""
    import ziamath

    ziamath.config.svg2 = False
    ziamath.config.precision = 6
    svg = Xml.Element("svg", xmlns="http://www.w3.org/2000/svg")
    Xml.SubElement(svg, "desc").text = description(rows)
    y, width = MARGIN, 0.0
    for part, lines in rows.items():
        for number, tex in enumerate(lines):
            formula = ziamath.Latex(expanded(tex), size=SIZE, color=LIGHT.text)
            formula_width, height = formula.getsize()
            base = y + height - abs(formula.getyofst())
            if number == 0:
                label = ziamath.Latex(rf"\text{{{part}}}", size=SMALL, color=LIGHT.dim)
                label.drawon(svg, MARGIN, base)
            formula.drawon(svg, FORMULAS_AT, base)
            y += height + GAP
            width = max(width, FORMULAS_AT + formula_width + MARGIN)
    size = (round(width, 1), round(y - GAP + 2 * MARGIN, 1))
    svg.set("width", str(size[0]))
    svg.set("height", str(size[1]))
    svg.set("viewBox", f"0 0 {size[0]} {size[1]}")
    return Xml.tostring(_shared_glyphs(svg), encoding="unicode")


def _shared_glyphs(svg: Xml.Element) -> Xml.Element:
    """The same picture with each outline once: a third of the text."""
    outlines: dict[str, str] = {}
    for group in svg.iter("g"):
        for place, path in enumerate(group):
            if path.tag == "path":
                outline, (x, y) = _from_origin(path.get("d", ""))
                name = outlines.setdefault(outline, f"g{len(outlines)}")
                group[place] = Xml.Element(
                    "use", {"xlink:href": f"#{name}", "x": x, "y": y, "fill": path.get("fill", "")}
                )
    definitions = Xml.Element("defs")
    for outline, name in outlines.items():
        Xml.SubElement(definitions, "path", id=name, d=outline)
    svg.insert(1, definitions)
    svg.set("xmlns:xlink", "http://www.w3.org/1999/xlink")
    return svg


def _from_origin(path: str) -> tuple[str, tuple[str, str]]:
    """An outline moved so that it begins at 0, 0, and where it began; all its commands are absolute."""
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", path)]
    start = numbers[0], numbers[1]
    moved = iter(
        f"{number - start[place % 2]:.2f}".rstrip("0").rstrip(".") for place, number in enumerate(numbers)
    )
    outline = re.sub(r"-?[\d.]+", lambda _: next(moved), path)
    return re.sub(r"\s*([A-Z])\s*", r"\1", outline).replace(" -", "-"), (f"{start[0]:.2f}", f"{start[1]:.2f}")


def main() -> None:
    folder = RESOURCES / "formulas"
    folder.mkdir(exist_ok=True)
    for kind, rows in tomllib.loads(SOURCES.read_text(encoding="utf-8")).items():
        (folder / f"{kind}.svg").write_text(drawn(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
