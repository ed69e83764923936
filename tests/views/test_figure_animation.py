import dataclasses
import re

import numpy
import pytest
from PySide6.QtGui import QImageReader, QMovie

from tests.training.export.conftest import make
from tfviz.training.export import attention_figure
from tfviz.training.export.colormaps import lookup_table
from tfviz.training.export.figure import Cells
from tfviz.training.readings import Attention
from tfviz.views.figures import figure_animation
from tfviz.views.figures.figure_animation import export_animation
from tfviz.views.figures.figure_image import paint_image


@pytest.fixture
def snapshots():
    """Three steps of one sentence; the last one's number is so long that it is wider."""
    random = numpy.random.Generator(numpy.random.Philox(9))

    def changed(weights):
        weights = weights * random.uniform(0.2, 1.0, size=weights.shape)
        return weights / weights.sum(axis=-1, keepdims=True)

    first = make()
    found = []
    for step in (8, 9, 123_456):
        a = first.attention
        maps = (changed(weights) for weights in (a.encoder_self, a.decoder_self, a.cross))
        attention = Attention(*maps, a.source_tokens, a.target_tokens, a.sentence, a.target, a.origin)
        found.append(dataclasses.replace(first, step=step, attention=attention))
    return found


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def pixels(image):
    image = image.convertToFormat(image.Format.Format_RGB888)
    rows = numpy.frombuffer(image.constBits(), numpy.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(int)


def frames(path):
    """(picture, milliseconds) of every frame as Qt reads them."""
    reader = QImageReader(str(path))
    found = []
    while not (image := reader.read()).isNull():
        found.append((pixels(image), reader.nextImageDelay()))
    return found


@pytest.mark.parametrize(("theme", "colour_map"), [("light", "viridis"), ("dark", "inferno")])
@pytest.mark.parametrize("head", [None, "cross.L1H2"])
def test_every_frame_shows_the_weights_of_its_step(qapp, snapshots, folder, theme, colour_map, head):
    assert export_animation(iter(snapshots), folder / "a.gif", head=head, theme=theme) == 3
    found = frames(folder / "a.gif")
    assert len(found) == 3
    table = lookup_table(colour_map).astype(int)
    for snapshot, (picture, _) in zip(snapshots, found, strict=True):
        figure = attention_figure(snapshot, head, theme)
        cells = next(s for s in figure.shapes if isinstance(s, Cells) and s.name == "cross L1H2")
        for (row, column), weight in numpy.ndenumerate(snapshot.attention.cross[1, 2]):
            y, x = cells.y + (row + 0.5) * cells.cell_height, cells.x + (column + 0.5) * cells.cell_width
            colour = picture[int(y), int(x)]
            assert abs(colour - table[round(float(weight) * 255)]).max() <= 5


def test_a_frame_is_the_figure_but_for_shades_no_one_sees(qapp, snapshots, folder):
    export_animation(snapshots, folder / "a.gif", head="cross.L0H1", theme="dark")
    for snapshot, (picture, _) in zip(snapshots, frames(folder / "a.gif"), strict=True):
        wanted = pixels(paint_image(attention_figure(snapshot, "cross.L0H1", "dark"), 1.0))
        height, width, _ = wanted.shape
        found = picture[:height, :width]
        assert (abs(found - wanted).max(axis=2) > 40).mean() < 0.002
        assert abs(found - wanted).mean() < 0.5
        assert (picture[height:] == picture[-1, -1]).all()


def test_frames_keep_their_size_when_the_step_has_more_digits(qapp, snapshots, folder):
    def steps(length):
        narrow = make(["a", "b"], ["c"], layers=(1, 1), heads=1, name="n" * length)
        return [dataclasses.replace(narrow, step=step) for step in (1, 1_234_567)]

    def heights(snapshots):
        return {attention_figure(one, "cross.L0H0").height for one in snapshots}

    steps = next(found for found in map(steps, range(1, 60)) if len(heights(found)) == 2)
    export_animation(steps, folder / "a.gif", head="cross.L0H0")
    assert len({picture.shape for picture, _ in frames(folder / "a.gif")}) == 1


def test_it_repeats_and_rests_on_the_last_frame(qapp, snapshots, folder):
    export_animation(snapshots, folder / "a.gif", seconds=0.25)
    assert [milliseconds for _, milliseconds in frames(folder / "a.gif")] == [250, 250, 1750]
    movie = QMovie(str(folder / "a.gif"))
    assert movie.isValid() and movie.frameCount() == 3 and movie.loopCount() == -1


def test_a_single_step_is_an_animation_too(qapp, snapshots, folder):
    assert export_animation(snapshots[:1], folder / "a.gif") == 1
    assert len(frames(folder / "a.gif")) == 1


def test_the_scale_makes_it_larger(qapp, snapshots, folder):
    figure = attention_figure(snapshots[0], "cross.L0H1")
    export_animation(snapshots[:1], folder / "a.gif", head="cross.L0H1", scale=1.5)
    assert frames(folder / "a.gif")[0][0].shape[1] == numpy.ceil(figure.width * 1.5)


def test_no_steps_are_refused_and_nothing_is_written(qapp, folder):
    with pytest.raises(ValueError, match="there is no step to show"):
        export_animation([], folder / "a.gif")
    assert list(folder.iterdir()) == []


def test_more_frames_than_the_limit_are_refused(qapp, snapshots, folder, monkeypatch):
    monkeypatch.setattr(figure_animation, "MOST_FRAMES", 2)
    with pytest.raises(ValueError, match="an animation has at most 2 steps"):
        export_animation(snapshots, folder / "a.gif", head="cross.L0H1")
    assert list(folder.iterdir()) == []


def test_another_longer_sentence_in_the_middle_is_refused(qapp, snapshots, folder):
    other = make(["<s>", *"abcdefgh", "</s>"], layers=(2, 3))
    with pytest.raises(ValueError, match="step 1284 shows a longer sentence than the first"):
        export_animation([snapshots[0], other], folder / "a.gif", head="encoder.L0H0")
    assert list(folder.iterdir()) == []


def test_giving_up_in_the_middle_leaves_the_old_file(qapp, snapshots, folder):
    def cancelled():
        yield snapshots[0]
        raise InterruptedError("given up")

    (folder / "a.gif").write_bytes(b"old")
    with pytest.raises(InterruptedError):
        export_animation(cancelled(), folder / "a.gif")
    assert [path.read_bytes() for path in folder.iterdir()] == [b"old"]


@pytest.mark.parametrize("seconds", [0.0, -1.0, 61.0, float("nan")])
def test_an_impossible_pace_is_refused(qapp, snapshots, folder, seconds):
    with pytest.raises(ValueError, match=r"a step is shown for 0\.02 to 60 seconds, not"):
        export_animation(snapshots, folder / "a.gif", seconds=seconds)


@pytest.mark.parametrize(("scale", "message"), [(0.0, "the scale of an image is"), (30.0, "is too large")])
def test_an_impossible_scale_is_refused(qapp, snapshots, folder, scale, message):
    with pytest.raises(ValueError, match=message):
        export_animation(snapshots, folder / "a.gif", scale=scale)
    assert list(folder.iterdir()) == []


def test_an_unknown_format_is_refused_with_those_there_are(qapp, snapshots, folder):
    with pytest.raises(ValueError, match="'mp4' is no animation format; there is gif"):
        export_animation(snapshots, folder / "a.mp4", format="mp4")


def test_a_failing_write_leaves_the_old_file(qapp, snapshots, folder, full_disk):
    (folder / "a.gif").write_bytes(b"old")
    with pytest.raises(OSError, match=re.escape(f"cannot write {folder / 'a.gif'}: no space left on device")):
        export_animation(snapshots, folder / "a.gif", head="cross.L0H1")
    assert [path.read_bytes() for path in folder.iterdir()] == [b"old"]
