"""Colours and spacing of the window, light and dark. Heatmaps never take part in it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from camviewer.gui.settings import Scheme
from camviewer.paths import resources

SPACE = 8
_RECORDING = "#e5484d"  # as the record sign, in either theme


@dataclass(frozen=True)
class Tokens:
    """One theme: its name, and colours as ``#rrggbb``.

    Text on its ground has a contrast of 4.5 : 1 or more.
    """

    name: str
    window: str
    base: str
    raised: str
    hover: str
    text: str
    muted: str
    disabled: str
    border: str
    accent: str
    on_accent: str
    track: str
    handle: str
    knob: str
    error_ground: str
    error: str
    good_ground: str
    good: str
    info_ground: str
    info: str


LIGHT = Tokens(
    name="light",
    window="#f5f6f8",
    base="#ffffff",
    raised="#ffffff",
    hover="#e9ecf2",
    text="#1a1e26",
    muted="#586072",
    disabled="#9aa1ae",
    border="#d5d9e1",
    accent="#2b5bd7",
    on_accent="#ffffff",
    track="#dfe3ea",
    handle="#bcc3cf",
    knob="#ffffff",
    error_ground="#fdecea",
    error="#a3261b",
    good_ground="#e6f4ec",
    good="#1c6b3f",
    info_ground="#e8eefc",
    info="#234bb0",
)
DARK = Tokens(
    name="dark",
    window="#1c1f25",
    base="#15181d",
    raised="#282c34",
    hover="#313641",
    text="#e7e9ee",
    muted="#a3abb9",
    disabled="#6a7180",
    border="#363b46",
    accent="#7ea6ff",
    on_accent="#0e1320",
    track="#353a45",
    handle="#4a515e",
    knob="#282c34",
    error_ground="#3b2024",
    error="#ffb3ab",
    good_ground="#1b3327",
    good="#8fdcb0",
    info_ground="#202c46",
    info="#a9c4ff",
)


def palette(tokens: Tokens) -> QPalette:
    """The Qt palette of a theme."""
    made = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: tokens.window,
        role.WindowText: tokens.text,
        role.Base: tokens.base,
        role.AlternateBase: tokens.window,
        role.Text: tokens.text,
        role.PlaceholderText: tokens.muted,
        role.Button: tokens.raised,
        role.ButtonText: tokens.text,
        role.ToolTipBase: tokens.raised,
        role.ToolTipText: tokens.text,
        role.Highlight: tokens.accent,
        role.HighlightedText: tokens.on_accent,
        role.Accent: tokens.accent,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.BrightText: tokens.error,
        role.Mid: tokens.border,
        role.Light: tokens.raised,
        role.Midlight: tokens.hover,
        role.Dark: tokens.border,
        role.Shadow: tokens.border,
    }
    for where, colour in colours.items():
        made.setColor(where, QColor(colour))
    off = QPalette.ColorGroup.Disabled
    for where in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(off, where, QColor(tokens.disabled))
    made.setColor(off, role.Highlight, QColor(tokens.track))
    made.setColor(off, role.HighlightedText, QColor(tokens.disabled))
    return made


def style_sheet(t: Tokens) -> str:
    """What the palette alone cannot say."""
    drawings = (resources() / "icons" / "controls").as_posix()
    return f"""
QMainWindow::separator {{ background: {t.window}; width: 6px; height: 6px; }}
QMainWindow::separator:hover {{ background: {t.hover}; }}
QToolBar {{ background: {t.window}; border: none; border-bottom: 1px solid {t.border};
  padding: 4px 8px; spacing: 4px; }}
QToolBar::separator {{ background: {t.border}; width: 1px; margin: 6px 6px; }}
QToolBar QToolButton {{ border: 1px solid transparent; border-radius: 6px; padding: 5px 7px; }}
QToolBar QToolButton#qt_toolbar_ext_button {{ padding: 0; }}
QToolBar QToolButton:hover {{ background: {t.hover}; }}
QToolBar QToolButton:checked {{ background: {t.info_ground}; border-color: {t.accent}; }}
QToolBar QToolButton:focus {{ border-color: {t.accent}; }}
QMenuBar {{ background: {t.window}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {t.hover}; color: {t.text}; }}
QMenu {{ background: {t.raised}; border: 1px solid {t.border}; padding: 4px; }}
QMenu::item {{ padding: 5px 28px 5px 24px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.accent}; color: {t.on_accent}; }}
QMenu::item:disabled {{ color: {t.disabled}; background: transparent; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: 4px 8px; }}
QMenu::indicator {{ left: 6px; }}
QStatusBar {{ border-top: 1px solid {t.border}; }}
QStatusBar::item {{ border: none; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border};
  padding: 4px 6px; }}
QLineEdit, QAbstractSpinBox, QPlainTextEdit {{ background: {t.base}; border: 1px solid {t.border};
  border-radius: 6px; padding: 4px 8px; min-height: 20px; selection-background-color: {t.accent};
  selection-color: {t.on_accent}; }}
QLineEdit:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus {{ border-color: {t.accent}; }}
QLineEdit:disabled, QAbstractSpinBox:disabled {{ color: {t.disabled}; background: {t.window}; }}
QPushButton {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: 6px;
  padding: 5px 14px; min-height: 20px; }}
QPushButton:hover {{ background: {t.hover}; }}
QPushButton:focus {{ border-color: {t.accent}; }}
QPushButton:disabled {{ color: {t.disabled}; background: {t.window}; }}
QPushButton:default {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; }}
QPushButton:default:disabled {{ background: {t.track}; color: {t.disabled};
  border-color: {t.track}; }}
QPushButton:default:focus {{ border: 2px solid {t.text}; padding: 4px 13px; }}
QAbstractItemView {{ background: {t.base}; border: 1px solid {t.border}; border-radius: 6px;
  outline: none; }}
QListView#filmStrip {{ padding-top: 6px; }}
QComboBox {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: 6px;
  padding: 3px 4px 3px 8px; min-height: 20px; combobox-popup: 0; }}
QComboBox:hover {{ background: {t.hover}; }}
QComboBox:focus, QComboBox:on {{ border-color: {t.accent}; }}
QComboBox:disabled {{ color: {t.disabled}; background: {t.window}; }}
QComboBox:editable {{ background: {t.base}; }}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow {{ image: url("{drawings}/down-{t.name}.svg"); width: 14px; height: 14px; }}
QComboBox::down-arrow:disabled {{ image: url("{drawings}/down-off-{t.name}.svg"); }}
QComboBox QLineEdit {{ border: none; padding: 0; background: transparent; }}
QCheckBox {{ spacing: 6px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {t.muted};
  border-radius: 4px; background: {t.base}; }}
QCheckBox::indicator:hover, QCheckBox::indicator:focus {{ border-color: {t.accent}; }}
QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent};
  image: url("{drawings}/check-{t.name}.svg"); }}
QCheckBox::indicator:disabled {{ border-color: {t.disabled}; background: {t.window}; }}
QCheckBox:focus {{ color: {t.accent}; }}
QSlider {{ min-height: 20px; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {t.track}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {t.accent}; }}
QSlider::sub-page:horizontal:disabled {{ background: {t.track}; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -6px 0; border-radius: 8px;
  border: 1px solid {t.accent}; background: {t.knob}; }}
QSlider::handle:horizontal:hover {{ background: {t.info_ground}; }}
QSlider::handle:horizontal:focus {{ background: {t.accent}; }}
QSlider::handle:horizontal:disabled {{ border-color: {t.track}; background: {t.window}; }}
QTreeView::branch:has-children:closed {{ image: url("{drawings}/right-{t.name}.svg"); }}
QTreeView::branch:has-children:open {{ image: url("{drawings}/down-{t.name}.svg"); }}
QTreeView::branch:selected {{ background: {t.accent}; }}
QComboBox QAbstractItemView {{ border-radius: 0; padding: 2px; }}
QComboBox QAbstractItemView::item {{ padding: 3px 6px; border-radius: 4px; }}
QComboBox QAbstractItemView::item:selected {{ background: {t.accent}; color: {t.on_accent}; }}
QHeaderView::section {{ background: {t.base}; color: {t.muted}; border: none;
  border-bottom: 1px solid {t.border}; padding: 4px 6px; }}
QTableCornerButton::section {{ background: {t.base}; border: none; }}
QDockWidget {{ titlebar-close-icon: none; }}
QScrollArea {{ border: none; background: transparent; }}
QTreeView::item {{ padding: 3px 2px; }}
QTreeView::item:hover {{ background: {t.hover}; }}
QTreeView::item:selected {{ background: {t.accent}; color: {t.on_accent}; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 2px; }}
QScrollBar::handle {{ background: {t.handle}; border-radius: 4px; }}
QScrollBar::handle:hover {{ background: {t.muted}; }}
QScrollBar::handle:vertical {{ min-height: 28px; }}
QScrollBar::handle:horizontal {{ min-width: 28px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{ border: none; border-radius: 3px; background: {t.track}; max-height: 6px;
  min-height: 6px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
QLabel[look="muted"] {{ color: {t.muted}; }}
QLabel[look="heading"] {{ font-weight: 600; }}
QLabel[look="title"] {{ font-size: 17px; font-weight: 600; }}
QToolButton[look="flat"] {{ border: 1px solid transparent; border-radius: 6px; padding: 3px; }}
QToolButton[look="flat"]:hover {{ background: {t.hover}; }}
QToolButton[look="flat"]:focus {{ border-color: {t.accent}; }}
QToolButton[look="flat"]::menu-indicator {{ image: none; }}
QPushButton[look="quiet"] {{ border-color: transparent; background: transparent;
  padding: 2px 6px; min-height: 18px; text-align: left; }}
QPushButton[look="quiet"]:hover {{ background: {t.hover}; }}
QPushButton[look="quiet"]:focus {{ border-color: {t.accent}; }}
QFrame#pane {{ border: 1px solid {t.border}; background: {t.window}; }}
QFrame#pane[active="true"] {{ border-color: {t.accent}; }}
QProgressBar#paneProgress {{ border-radius: 0; min-height: 3px; max-height: 3px; }}
QFrame#centre {{ border: 2px solid transparent; }}
QFrame#centre[dropping="true"] {{ border: 2px solid {t.accent}; }}
QFrame#card {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: 8px; }}
QFrame#card[taking="true"] {{ border: 2px solid {_RECORDING}; }}
QFrame#card[dropping="true"] {{ border: 2px solid {t.accent}; background: {t.info_ground}; }}
QFrame#addTile {{ border: 1px dashed {t.handle}; border-radius: 8px; }}
QStackedWidget[dropping="true"] {{ border: 2px dashed {t.accent}; border-radius: 8px; }}
QListView#pictureGrid {{ border: none; background: transparent; }}
QLabel#cardKey {{ background: {t.hover}; color: {t.text}; border: 1px solid {t.border};
  border-radius: 4px; min-width: 18px; min-height: 18px; font-weight: 600; }}
QLabel#stepNumber {{ background: {t.accent}; color: {t.on_accent}; border-radius: 12px;
  min-width: 24px; min-height: 24px; font-weight: 600; }}
QLineEdit[look="name"] {{ background: transparent; border-color: transparent; font-weight: 600;
  padding: 2px 4px; }}
QLineEdit[look="name"]:hover {{ border-color: {t.border}; }}
QLineEdit[look="name"]:focus {{ background: {t.base}; border-color: {t.accent}; }}
QPushButton[look="fault"] {{ border-color: transparent; background: transparent;
  color: {t.error}; padding: 1px 6px; min-height: 16px; }}
QPushButton[look="fault"]:hover {{ background: {t.error_ground}; }}
QPushButton[look="fault"]:focus {{ border-color: {t.accent}; }}
QPushButton#hold[taking="true"] {{ background: {t.error_ground}; border-color: {_RECORDING};
  color: {t.error}; }}
QFrame#popup {{ background: {t.raised}; border: 1px solid {t.border}; }}
QPushButton[look="combo"] {{ text-align: left; padding: 3px 6px 3px 8px; }}
QPushButton[look="picker"] {{ text-align: left; padding: 6px 10px; }}
QFrame#reference {{ background: {t.base}; border: 1px dashed {t.handle}; border-radius: 6px; }}
QPushButton[look="combo"][fault="true"] {{ color: {t.error}; }}
QLabel[look="error"] {{ color: {t.error}; }}
QLabel#recorded {{ color: {t.error}; font-weight: 600; padding-right: 4px; }}
QFrame#transport {{ background: {t.window}; border-top: 1px solid {t.border}; }}
QFrame#transport QToolButton {{ border: 1px solid transparent; border-radius: 6px; padding: 4px; }}
QFrame#transport QToolButton:hover {{ background: {t.hover}; }}
QFrame#transport QToolButton:checked {{ background: {t.info_ground}; border-color: {t.accent}; }}
QFrame#transport QToolButton#freeze:checked {{ background: transparent;
  border-color: transparent; }}
QFrame#transport QToolButton:focus {{ border-color: {t.accent}; }}
QFrame#faultCard {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: 8px; }}
QPushButton[look="small"] {{ padding: 2px 8px; min-height: 18px; }}
QPushButton[look="big"] {{ font-size: 15px; font-weight: 600; min-height: 30px; }}
QPushButton[look="side"] {{ padding: 5px 8px; }}
QPushButton[look="side"]:checked {{ background: {t.info_ground}; border-color: {t.accent};
  color: {t.info}; }}
QTableView#matrix {{ selection-background-color: transparent; }}
QFrame#answerCard {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: 8px; }}
QFrame#notice {{ background: {t.info_ground}; border-radius: 6px; }}
QFrame#notice QLabel {{ color: {t.info}; }}
QFrame#messageBar[kind="error"] {{ background: {t.error_ground}; }}
QFrame#messageBar[kind="error"] QLabel {{ color: {t.error}; }}
QFrame#messageBar[kind="good"] {{ background: {t.good_ground}; }}
QFrame#messageBar[kind="good"] QLabel {{ color: {t.good}; }}
QFrame#messageBar[kind="info"] {{ background: {t.info_ground}; }}
QFrame#messageBar[kind="info"] QLabel {{ color: {t.info}; }}
"""


class Theme(QObject):
    """Puts the palette on the application and follows the system when asked to."""

    changed = Signal()

    def __init__(self, app: QApplication, scheme: Scheme) -> None:
        super().__init__(app)
        self._app = app
        self._scheme = scheme
        self.tokens = LIGHT
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._apply()

    @property
    def dark(self) -> bool:
        return self.tokens is DARK

    @property
    def scheme(self) -> Scheme:
        return self._scheme

    @scheme.setter
    def scheme(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._apply()

    def _system_changed(self) -> None:
        if self._scheme is Scheme.SYSTEM:
            self._apply()

    def _apply(self) -> None:
        dark = self._scheme is Scheme.DARK or (
            self._scheme is Scheme.SYSTEM
            and self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark
        )
        self.tokens = DARK if dark else LIGHT
        self._app.setPalette(palette(self.tokens))
        self._app.setStyleSheet(style_sheet(self.tokens))
        self.changed.emit()
