import dataclasses
import re

import pytest

from tfviz.resources import resource_path
from tfviz.views.style.theme import DARK, LIGHT


@pytest.mark.parametrize(("theme", "selector"), [(LIGHT, ":root {"), (DARK, ':root[data-theme="dark"] {')])
def test_the_exported_page_uses_the_tokens_of_the_window(theme, selector):
    sheet = resource_path("export/page.css").read_text(encoding="utf-8")
    block = sheet[sheet.index(selector) :].split("}")[0]
    tokens = dict(re.findall(r"--([\w-]+): (#\w+);", block))
    assert len(tokens) > 15
    values = dataclasses.asdict(theme)
    assert tokens == {name: values[name.replace("-", "_")] for name in tokens}
