"""Which packages of pyproject.toml an interpreter lacks.

Also a script, `python requirements.py REQUIREMENT ...`, which prints what is missing: so another interpreter can be
asked.
"""

import operator
import re
import sys
import tomllib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

_COMPARISONS = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


def read_requirements(pyproject: Path, extras: Sequence[str] = ()) -> list[str]:
    """The dependencies in a pyproject.toml, such as "numpy>=2,<3", with those of the optional groups EXTRAS."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    return sorted(sum((project["optional-dependencies"][extra] for extra in extras), project["dependencies"]))


def missing(requirements: Sequence[str]) -> list[str]:
    """Those of REQUIREMENTS that the running interpreter has not, or in a version outside the bounds."""
    return [requirement for requirement in requirements if not _is_met(requirement)]


def _is_met(requirement: str) -> bool:
    name, bounds = split(requirement)
    try:
        described = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return False
    # An installation that was cut short may have no version; from Python 3.12 on it is deprecated to ask for it.
    return "Version" in described and satisfies(described["Version"], bounds)


def split(requirement: str) -> tuple[str, str]:
    """ "numpy>=2,<3" -> ("numpy", ">=2,<3"). Raises ValueError for what pip knows beyond that, such as markers."""
    match = re.fullmatch(r"([A-Za-z0-9._-]+)\s*((?:[<>=!]=?\s*[0-9.]+[\s,]*)*)", requirement)
    if not match:
        raise ValueError(f"{requirement!r} is no requirement of the form 'name>=1,<2'")
    return match[1], match[2]


def satisfies(version: str, bounds: str) -> bool:
    """Whether a version lies within bounds such as ">=6.10.3,<6.12". A release candidate counts as its release."""
    return all(
        _COMPARISONS[comparison](_release(version), _release(bound))
        for comparison, bound in re.findall(r"([<>=!]=?)\s*([0-9.]+)", bounds)
    )


def _release(version: str) -> tuple[int, ...]:
    """ "6.12.0rc1" -> (6, 12): trailing zeros do not count."""
    match = re.match(r"v?([0-9]+(?:\.[0-9]+)*)", version)
    numbers = [int(number) for number in match[1].split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


if __name__ == "__main__":
    print("\n".join(missing(sys.argv[1:])))
