"""Asks where a whole video should go."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from camviewer.gui.dialogs.frame import Dialog, paragraph
from camviewer.gui.live.seek_bar import clock
from camviewer.gui.panels.controls import Form, Note, caption
from camviewer.gui.theme import SPACE

SUFFIXES = (".mp4", ".mkv", ".webm")
_WHAT = (
    "Every frame is explained as shown now, with the same classes, method, colours and boxes, and "
    "written into a video. The scores and boxes of every frame go into a file beside it, the sound "
    "stays where it can be kept. You can go on working meanwhile."
)


class VideoExportDialog(Dialog):
    """One path to choose; the rest is as shown.

    Attributes:
        field: the path as typed.
    """

    def __init__(
        self, video: Path, offered: Path, frames: int, seconds: float, parent: QWidget | None = None
    ) -> None:
        """Offer a file.

        Args:
            video: what is exported.
            offered: where to.
            frames: how many the video has; 0 where unknown.
            seconds: how long it is; 0 where unknown.
            parent: the window.
        """
        super().__init__("Export video", parent, "Export", "Cancel")
        self.setMinimumWidth(560)
        self._video = video
        self.field = QLineEdit(str(offered))
        self.field.setAccessibleName("File")
        self.field.setToolTip("The video that is written: .mp4, .mkv or .webm")
        self.browse = QPushButton("Browse…")
        self.browse.setAutoDefault(False)
        self.browse.setAccessibleName("Browse for a file")
        self.browse.setToolTip("Choose where the video goes")
        self.browse.clicked.connect(self._browse)
        line = QHBoxLayout()
        line.setSpacing(SPACE)
        line.addWidget(self.field, 1)
        line.addWidget(self.browse)
        form = Form()
        form.add_row(caption("File"), line)
        length = [f"{frames} frames"] if frames else []
        length += [clock(seconds)] if seconds else []
        self.body.addWidget(paragraph(" · ".join([video.name, *length])))
        self.body.addLayout(form)
        self.note = Note(muted=False)
        self.note.setProperty("look", "error")
        self.note.setAccessibleName("What speaks against the file")
        self.body.addWidget(self.note)
        self.body.addWidget(paragraph(_WHAT, muted=True))
        self.field.textChanged.connect(self._check)
        self._check()

    @property
    def path(self) -> Path:
        """The file to write."""
        return Path(self.field.text().strip()).expanduser()

    def _check(self) -> None:
        problem, replaces = self._problem(), self.path.is_file()
        self.yes.setEnabled(not problem)
        self.yes.setText("Replace" if replaces and not problem else "Export")
        there = "This file is there already. It will be replaced." if replaces else ""
        self.note.setText(problem or there)
        self.note.setVisible(bool(self.note.text()))
        if self.isVisible():
            self.fit_height()

    def _problem(self) -> str:
        path = self.path
        if not self.field.text().strip():
            return "Say where the video should go."
        if path.suffix.lower() not in SUFFIXES:
            return "The name must end in .mp4, .mkv or .webm."
        if not path.parent.is_dir():
            return f"There is no folder {path.parent}."
        if path.exists() and path.samefile(self._video):
            return "That is the video itself. Choose another name."
        return ""

    def _browse(self) -> None:
        kinds = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        # whether a file may be replaced is asked by this dialog
        keep = QFileDialog.Option.DontConfirmOverwrite
        name, _ = QFileDialog.getSaveFileName(
            self, "Export video", self.field.text(), f"Videos ({kinds})", options=keep
        )
        if name:
            self.field.setText(name)
