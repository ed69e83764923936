import pytest

from tfviz.training.export import (
    ANIMATION_FORMATS,
    DESCRIPTIONS,
    FORMATS,
    IMAGE_FORMATS,
    check_steps,
    export_snapshot,
)


def test_every_format_is_described_for_dialogs():
    for what, formats in DESCRIPTIONS.items():
        assert FORMATS[what] == tuple(format.name for format in formats)
        for format in formats:
            assert format.suffix == f".{format.name}"
            assert format.file_filter == f"{format.title} (*{format.suffix})"
            assert format.suits.endswith(".") and 20 < len(format.suits) < 110
            assert format.one_step or format.several_steps


def test_pictures_that_qt_paints_are_of_one_step_or_of_several():
    painted = {format.name for format in DESCRIPTIONS["attention"] if format.painted}
    assert set(IMAGE_FORMATS) | set(ANIMATION_FORMATS) == painted == {"png", "pdf", "gif"}
    assert not set(IMAGE_FORMATS) & set(ANIMATION_FORMATS)


def test_a_range_of_steps_is_refused_where_a_format_shows_one(snapshot, tmp_path):
    with pytest.raises(
        ValueError, match=r"attention as png is of one step, not of a range; html and gif can show one"
    ):
        check_steps("attention", "png", several=True)
    with pytest.raises(ValueError, match=r"scalars as csv is of one step, not of a range$"):
        check_steps("scalars", "csv", several=True)
    check_steps("attention", "gif", several=True)


def test_one_step_is_refused_where_a_format_shows_a_range(snapshot, tmp_path):
    with pytest.raises(
        ValueError, match="attention as gif shows a range of steps: say which, such as 0:500:10"
    ):
        export_snapshot(snapshot, tmp_path / "a.gif", "attention", "gif")
    assert list(tmp_path.iterdir()) == []
    check_steps("attention", "png", several=False)
