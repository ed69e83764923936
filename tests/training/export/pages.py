"""Web pages of attention, read as a browser would: what elements there are, and the data inside."""

import base64
import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy

from tests.tools import needs

BROWSER = next(filter(shutil.which, ("chromium", "chromium-browser", "google-chrome")), "chromium")
needs_browser = needs(BROWSER)


class Page(HTMLParser):
    """The elements of a page, and the text in each of those that were asked for by their id."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self._open = [], {}, None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._open = dict(attributes).get("id", tag)

    def handle_data(self, text):
        self.texts[self._open] = self.texts.get(self._open, "") + text

    @property
    def tags(self):
        return [tag for tag, _ in self.elements]

    @property
    def data(self):
        return json.loads(self.texts["data"])


def weights(data, index, kind):
    """(layer, head, query, key) of a step, from the 16-bit codes."""
    step, start = data["steps"][index], 0
    probe = data["probes"][step["probe"]]
    codes = numpy.frombuffer(base64.b64decode(step["weights"]), "<u2").astype(float)
    low, high = step["range"]
    values = low + (high - low) * codes / data["codes"]["largest"]
    for name, value in (("nan", numpy.nan), ("positive", numpy.inf), ("negative", -numpy.inf)):
        values[codes == data["codes"][name]] = value
    for one in data["kinds"]:
        shape = (one["layers"], one["heads"], len(probe[one["queries"]]), len(probe[one["keys"]]))
        size = numpy.prod(shape)
        if one["name"] == kind:
            return values[start : start + size].reshape(shape)
        start += size
    raise KeyError(kind)


def rendered(path: Path, folder: Path, *options: str, address: str = "") -> str:
    """The page after its scripts have run, in a browser of its own that has no network to ask."""
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        f"--user-data-dir={folder / 'profile'}",
        "--window-size=1400,1200",
        "--virtual-time-budget=3000",
        *options,
        "--dump-dom",
        f"file://{path}{address}",
    ]
    found = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return found.stdout.decode("utf-8")
