"""pip's messages: no network is said in a sentence, anything else in pip's own words."""

import sys
from pathlib import Path

import pytest

from tfviz.launcher import pip
from tfviz.launcher.process import SetupError

RETRY = "WARNING: Retrying (Retry(total=4, ...)) after connection broken by 'NewConnectionError(...)': /simple/numpy/"
NOTHING = "ERROR: No matching distribution found for numpy>=2"


def answer_with(monkeypatch: pytest.MonkeyPatch, code: int, *lines: str) -> None:
    def run_apart(command: object, environment: object, told: object) -> tuple[int, list[str]]:
        messages = [line + "\n" for line in lines]
        for line in messages:
            told(line)
        return code, messages

    monkeypatch.setattr(pip, "run_apart", run_apart)


def test_no_network_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_with(monkeypatch, 1, RETRY, RETRY, NOTHING)
    with pytest.raises(SetupError, match="no package index answers") as raised:
        pip.install(Path(sys.executable), ["numpy>=2"])
    assert "\n" not in str(raised.value)
    assert capsys.readouterr().err.count("trying again") == 1


def test_any_other_failure_is_told_in_the_words_of_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, 1, NOTHING)
    with pytest.raises(
        SetupError, match=r"(?s)could not install.*No matching distribution found for numpy>=2"
    ):
        pip.install(Path(sys.executable), ["numpy>=2"])


def test_a_connection_that_comes_back_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, 0, RETRY)
    pip.install(Path(sys.executable), ["numpy>=2"])
