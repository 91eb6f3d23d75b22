"""Deep teaching in the window: curves, cancelling, going on."""

from camviewer import paths
from camviewer.gui.panels.curve_plot import colour
from camviewer.gui.teach.run.line_plot import LinePlot
from camviewer.gui.teach.run.progress_view import LEARNT_FROM, PUT_ASIDE, ProgressView
from camviewer.gui.teach.run.runner import NO_BETTER
from camviewer.gui.theme import DARK, LIGHT, palette
from camviewer.teach.deep import Epoch
from tests.gui.teaching import PATIENCE_MS, Taught, features, run

__all__ = ["features", "run"]


def epoch(number: int, loss: float | None, aside: float, accuracy: float, *, best: bool) -> Epoch:
    return Epoch(number, 5, loss, aside, accuracy, accuracy, best=best)


def deep(run: Taught, rounds: int) -> None:
    choices = run.panel.choices
    choices.deep.click()
    choices.rounds.slider.setValue(rounds)
    choices.stages.setCurrentIndex(choices.stages.findText("Only the new layer"))


def test_curves_grow_and_the_network_is_saved(run: Taught) -> None:
    run.open(run.lesson(each=12))
    deep(run, 2)
    told: list[int] = []
    run.panel.runner.epoch_ended.connect(lambda e: told.append(e.number))
    run.teach()
    assert told == [0, 1, 2]
    progress = run.panel.progress
    assert [n for n, _ in progress.loss.curves[PUT_ASIDE]] == [0, 1, 2]
    assert [n for n, _ in progress.loss.curves[LEARNT_FROM]] == [1, 2]
    assert [n for n, _ in progress.accuracy.curves[PUT_ASIDE]] == [0, 1, 2]
    assert progress.accuracy.isVisible()
    assert not progress.cancel.isVisible()
    assert run.files == [run.panel.results.file]
    assert run.panel.results.file.is_file()
    # what came of it is told, and so is that fast teaching was as good
    made = run.panel.results
    assert made.deep is (NO_BETTER not in made.notes)
    # nothing is left to go on with
    assert not list((paths.cache() / "teaching").iterdir())
    assert run.panel.teach.text() == "Teach again"


def test_what_was_cancelled_goes_on_from_there_or_begins_anew(run: Taught) -> None:
    run.open(run.lesson(each=12))
    deep(run, 100)
    panel = run.panel

    def cancel_after(number: int) -> None:
        with run.bot.waitSignal(
            panel.runner.epoch_ended,
            check_params_cb=lambda e: e.number >= number,
            timeout=PATIENCE_MS,
        ):
            pass
        panel.progress.cancel.click()

    panel.teach.click()
    cancel_after(1)
    assert panel.teach.text() == "Go on teaching"
    assert panel.anew.isVisible()
    reached = panel.progress.epochs[-1].number
    assert panel.progress.loss.isVisible()
    told: list[int] = []
    panel.runner.epoch_ended.connect(lambda e: told.append(e.number))
    panel.teach.click()
    cancel_after(reached + 1)
    # the rounds before it was cancelled were not taught again
    assert min(told) > reached - 1
    assert [e.number for e in panel.progress.epochs] == list(range(max(told) + 1))
    told.clear()
    panel.anew.click()
    assert panel.progress.epochs == ()
    cancel_after(0)
    assert told[0] == 0


def test_other_choices_or_pictures_are_no_going_on(run: Taught) -> None:
    lesson = run.lesson(each=12)
    run.open(lesson)
    deep(run, 100)
    panel = run.panel
    panel.teach.click()
    with run.bot.waitSignal(panel.runner.epoch_ended, timeout=PATIENCE_MS):
        pass
    panel.progress.cancel.click()
    assert panel.anew.isVisible()
    panel.choices.fast.click()
    assert not panel.anew.isVisible()
    assert panel.teach.text() == "Teach"


def test_too_few_pictures_for_depth_are_said(run: Taught) -> None:
    run.open(run.lesson(each=2))
    deep(run, 2)
    with run.bot.waitSignal(run.panel.runner.failed, timeout=PATIENCE_MS):
        run.panel.teach.click()
    assert "too few different pictures to teach deeply" in run.panel.trouble.text()
    assert not run.panel.anew.isVisible()


def test_values_are_read_from_the_plot(run: Taught) -> None:
    view = ProgressView()
    run.bot.addWidget(view)
    view.begin()
    for made in (
        epoch(0, None, 0.7, 0.5, best=True),
        epoch(1, 0.6, 0.45, 0.75, best=True),
        epoch(2, 0.4, 0.5, 0.7, best=False),
    ):
        view.add_epoch(made)
    assert view.loss.read_out(0) == "Before the first round\nPut aside: 0.7"
    assert view.loss.read_out(2) == "After round 2\nLearnt from: 0.4\nPut aside: 0.5"
    assert view.accuracy.read_out(1) == "After round 1\nPut aside: 75 %"
    assert view.loss.read_out(3) == ""
    assert (view.loss.top, view.accuracy.top) == (1.0, 1.0)
    # one that is told again takes the place of those after it
    view.add_epoch(epoch(1, 0.5, 0.4, 0.8, best=True))
    assert [e.number for e in view.epochs] == [0, 1]
    assert view.loss.curves[LEARNT_FROM] == [(1, 0.5)]


def test_axes_end_above_all_values(run: Taught) -> None:
    plot = LinePlot("Loss", percent=False)
    run.bot.addWidget(plot)
    for value, top in ((0.7, 1.0), (1.2, 2.0), (0.031, 0.05), (0.02, 0.02), (7.0, 10.0)):
        plot.show_curves({PUT_ASIDE: [(0, value), (1, float("inf"))]}, 2)
        assert plot.top == top


def test_plots_are_drawn_in_colours_of_the_theme(run: Taught) -> None:
    plot = LinePlot("Loss", percent=False)
    run.bot.addWidget(plot)
    plot.resize(300, 120)
    for tokens in (LIGHT, DARK):
        plot.setPalette(palette(tokens))
        plot.show_curves({}, 2)
        empty = plot.grab().toImage()
        curves = {LEARNT_FROM: [(1, 0.9), (2, 0.8)], PUT_ASIDE: [(0, 0.4), (2, 0.3)]}
        plot.show_curves(curves, 2, mark=2)
        drawn = plot.grab().toImage()
        assert drawn != empty
        pixels = {drawn.pixelColor(x, y).name() for x in range(drawn.width()) for y in range(120)}
        inks = {colour(look, plot.palette()).name() for look in curves}
        assert inks <= pixels
    assert plot.accessibleDescription() == "Learnt from 0.8; Put aside 0.3"
