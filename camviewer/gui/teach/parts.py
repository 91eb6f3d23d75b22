"""What the two halves of the teach view know of each other: the cards, and the teaching."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from camviewer.gui.worker import Lane
from camviewer.teach.data.lesson import Lesson
from camviewer.teach.results import Results


class RunPart(QWidget):
    """Teaches what the cards hold, and shows what came of it.

    It stands in a column of some 340 pixels beside the cards, below the live picture; while it
    asks for room, it has all of the view. It never changes the lesson itself: what it wants
    changed it asks for, and the view does so off the GUI thread, with undo.

    Signals:
        move_requested(list[Path], str): these pictures are of the class of this name.
        share_requested(list[Path], str), leave_requested(list[Path], str): these pictures are of
            that class, too, or are not.
        remove_requested(list[Path]): these pictures are not to be taught.
        room_wanted(bool): results want to be seen widely, or no more.
        live_wanted(): the person wants to see the taught network at work: the view is left for
            the canvas, what is watched goes on.
        taught(Path): a network was taught, and lies in this file.
        picture_wanted(Path): this picture is to be explained on the canvas.
    """

    move_requested = Signal(object, str)
    share_requested = Signal(object, str)
    leave_requested = Signal(object, str)
    remove_requested = Signal(object)
    room_wanted = Signal(bool)
    live_wanted = Signal()
    taught = Signal(object)
    picture_wanted = Signal(object)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The threads; whoever owns this ends them."""
        return ()

    @property
    def results(self) -> Results | None:
        """What came of the last teaching of the lesson; None if nothing is known of one."""
        return None

    def set_lesson(self, lesson: Lesson | None) -> None:
        """Teach this lesson from now on; None while there is none.

        Its ``classes`` may be read on the GUI thread, whatever reads the disk may not.
        """

    def lesson_changed(self) -> None:
        """The lesson has other classes or pictures; called at most a few times a second."""
