"""Everything the window can be told to do: name, shortcut, tooltip and icon in one table."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from camviewer.gui.icons import icon


@dataclass(frozen=True)
class Spec:
    """One action.

    Attributes:
        name: how code calls it.
        group: the menu it stands in.
        text: as in the menu, with its mnemonic.
        keys: shortcuts, the first one shown.
        tip: what it does, in one sentence.
        icon: a drawing in ``resources/icons/toolbar``; empty for none.
        icon_on: another one while it is on.
        checkable: it is on or off.
        on_canvas: its shortcuts work while the canvas or the film strip has the focus; elsewhere
            the keys move sliders and lists.
        on_picture: its shortcuts work while the picture itself has the focus; elsewhere the keys
            press buttons.
    """

    name: str
    group: str
    text: str
    keys: tuple[str, ...]
    tip: str
    icon: str = ""
    icon_on: str = ""
    checkable: bool = False
    on_canvas: bool = False
    on_picture: bool = False


FILE, EDIT, VIEW, PICTURE, MODEL, HELP = "&File", "&Edit", "&View", "&Picture", "&Model", "&Help"
LIVE = "&Live"

SPECS: tuple[Spec, ...] = (
    Spec("open", FILE, "&Open Pictures…", ("Ctrl+O",), "Open picture files", "open"),
    Spec("open_folder", FILE, "Open &Folder…", ("Ctrl+Shift+O",), "Open all pictures of a folder"),
    Spec(
        "paste",
        FILE,
        "&Paste Picture",
        ("Ctrl+V",),
        "Open the image, the files or the path on the clipboard",
        "paste",
    ),
    Spec(
        "quick_export",
        FILE,
        "Quick E&xport",
        ("Ctrl+E",),
        "Export again with the choices of the last time",
        "export",
    ),
    Spec("export", FILE, "&Export…", ("Ctrl+Shift+E",), "Choose what to export and where"),
    Spec(
        "export_video",
        FILE,
        "Export &Video…",
        ("Ctrl+Shift+V",),
        "Explain every frame of the open video and write the whole video",
    ),
    Spec("close", FILE, "&Close Picture", ("Ctrl+W",), "Close what is open"),
    Spec("quit", FILE, "&Quit", ("Ctrl+Q",), "Quit camviewer"),
    Spec("undo", EDIT, "&Undo", ("Ctrl+Z",), "Take back the last change", "undo"),
    Spec(
        "redo",
        EDIT,
        "&Redo",
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        "Do again what was taken back",
        "redo",
    ),
    Spec(
        "copy",
        EDIT,
        "&Copy Overlay",
        ("Ctrl+C",),
        "Copy the picture with its heatmap and boxes to the clipboard",
        "copy",
    ),
    Spec(
        "draw", EDIT, "&Draw a Box", ("B",), "Draw a new box on the picture", "draw", checkable=True
    ),
    Spec(
        "delete",
        EDIT,
        "D&elete Box",
        ("Del", "Backspace"),
        "Delete the selected box",
        on_canvas=True,
    ),
    Spec("zoom_in", VIEW, "Zoom &In", ("Ctrl++", "Ctrl+="), "Zoom in"),
    Spec("zoom_out", VIEW, "Zoom &Out", ("Ctrl+-",), "Zoom out"),
    Spec("fit", VIEW, "&Fit to Window", ("F", "Ctrl+0"), "Show the whole picture", "fit"),
    Spec("actual", VIEW, "&Actual Size", ("1",), "One screen pixel per picture pixel", "actual"),
    Spec(
        "heatmap", VIEW, "&Heatmap", ("H",), "Show or hide the heatmap", "heatmap", checkable=True
    ),
    Spec("boxes", VIEW, "&Boxes", ("X",), "Show or hide the boxes", "boxes", checkable=True),
    Spec(
        "labels",
        VIEW,
        "&Labels",
        ("L",),
        "Show or hide the boxes' labels",
        "labels",
        checkable=True,
    ),
    Spec("fainter", VIEW, "Fai&nter Heatmap", ("[",), "Lower the heatmap's opacity"),
    Spec("stronger", VIEW, "St&ronger Heatmap", ("]",), "Raise the heatmap's opacity"),
    Spec(
        "compare",
        VIEW,
        "Co&mpare Side by Side",
        ("C",),
        "Show the picture in several panes, each with its own method, layer, class or network",
        "compare",
        checkable=True,
    ),
    Spec("full_screen", VIEW, "F&ull Screen", ("F11",), "Use the whole screen", checkable=True),
    Spec(
        "previous",
        PICTURE,
        "&Previous Picture",
        ("Left", "PgUp"),
        "Show the previous picture",
        "previous",
        on_canvas=True,
    ),
    Spec(
        "next",
        PICTURE,
        "&Next Picture",
        ("Right", "PgDown"),
        "Show the next picture",
        "next",
        on_canvas=True,
    ),
    Spec(
        "follow",
        PICTURE,
        "&Follow the Best Class",
        ("Ctrl+B",),
        "Explain whatever the network finds in each picture",
        checkable=True,
    ),
    Spec(
        "stop",
        PICTURE,
        "S&top What Takes Long",
        ("Esc",),
        "Leave a method that takes long and show the last whole result again",
    ),
    Spec(
        "sharper",
        PICTURE,
        "S&harper Map",
        ("S",),
        "Make the map sharper, for more time, or as it was",
        checkable=True,
    ),
    Spec("ask", PICTURE, "&Ask Something Else…", ("Q",), "Choose what is asked about the class"),
    Spec("search", PICTURE, "&Search a Class", ("Ctrl+F", "/"), "Search among all classes"),
    Spec("webcam", LIVE, "&Webcam…", ("W",), "Watch through a camera", "webcam"),
    Spec(
        "stream",
        LIVE,
        "&Network Stream…",
        ("Ctrl+L",),
        "Watch a camera of the network: RTSP, MJPEG over HTTP and others",
    ),
    Spec("screen", LIVE, "Screen &Region…", ("Ctrl+Shift+L",), "Watch a part of the screen"),
    Spec(
        "freeze",
        LIVE,
        "&Freeze",
        ("Space",),
        "Stay at the picture that is shown, or go on",
        "pause",
        "play",
        checkable=True,
        on_picture=True,
    ),
    Spec("step_back", LIVE, "Step &Back", (",",), "Show the frame before this one", "step-back"),
    Spec("step_on", LIVE, "Step F&orward", (".",), "Show the frame after this one", "step-on"),
    Spec(
        "loop",
        LIVE,
        "Play in a &Loop",
        ("Ctrl+R",),
        "Begin again when the video ends",
        "loop",
        checkable=True,
    ),
    Spec(
        "mirror",
        LIVE,
        "&Mirror",
        ("Shift+M",),
        "Turn left and right about, as in a mirror",
        "mirror",
        checkable=True,
    ),
    Spec(
        "smooth",
        LIVE,
        "Smoot&h Preview",
        ("Shift+S",),
        "Show every picture at once, under the newest heatmap with its age; else each picture "
        "waits for its own",
        "smooth",
        checkable=True,
    ),
    Spec("steady", LIVE, "St&eadiness…", ("Shift+T",), "How calm colours and maps are", "steady"),
    Spec(
        "record",
        LIVE,
        "Re&cord",
        ("R",),
        "Write what is shown into a video, with scores and boxes beside it",
        "record",
        "record-on",
        checkable=True,
    ),
    Spec(
        "snapshot",
        LIVE,
        "Take a &Snapshot",
        ("T",),
        "Export what is shown now, with the choices of the last export",
        "snapshot",
    ),
    Spec("retry", LIVE, "Tr&y Again", ("F5",), "Open the camera, stream or video once more"),
    Spec("stop_live", LIVE, "Sto&p", ("Ctrl+Shift+W",), "Let go of what is watched", "stop"),
    Spec("pick_method", MODEL, "Choose a Met&hod…", ("M",), "Choose how a heatmap is made"),
    Spec("pick_model", MODEL, "&Choose a Model…", ("Ctrl+M",), "Choose a network"),
    Spec(
        "own_model",
        MODEL,
        "Use &Your Own Weights…",
        ("Ctrl+Shift+M",),
        "Load a network from a file of yours",
    ),
    Spec(
        "texts",
        MODEL,
        "Classes in Your &Own Words…",
        ("Ctrl+Shift+T",),
        "Type the classes of a CLIP network",
    ),
    Spec(
        "starter", MODEL, "Use the &Starter", ("Ctrl+Shift+H",), "Go back to the built-in network"
    ),
    Spec(
        "teach",
        MODEL,
        "&Teach Your Own Things…",
        ("Ctrl+T",),
        "Collect pictures of a few things by recording or dropping, and teach a network",
        "teach",
        checkable=True,
    ),
    Spec("shortcuts", HELP, "&Keyboard Shortcuts", ("F1", "?"), "Show all shortcuts", "help"),
    Spec(
        "tutorial",
        HELP,
        "How a &Heatmap Is Made",
        ("F2",),
        "Follow a small network from its last layer to the heatmap",
    ),
    Spec("about", HELP, "&About camviewer", ("Ctrl+F1",), "Version, licence and device"),
)
PANELS = ("Network", "Classes", "Appearance", "Boxes", "Pictures", "Faithfulness", "Scores")
PANEL_KEYS = tuple(f"Ctrl+{number}" for number in range(1, len(PANELS) + 1))


class Actions(QObject):
    """The table's actions as attributes-by-name: ``actions["open"]``."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions: dict[str, QAction] = {}
        for spec in SPECS:
            action = QAction(spec.text, self)
            action.setShortcuts(self.keys(spec.name))
            action.setCheckable(spec.checkable)
            shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{spec.tip} ({shown})")
            action.setStatusTip(spec.tip)
            if spec.on_canvas or spec.on_picture:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._actions[spec.name] = action
        self.draw_icons()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def keys(self, name: str) -> list[QKeySequence]:
        """An action's shortcuts as the table has them."""
        return [QKeySequence(k) for s in SPECS if s.name == name for k in s.keys]

    def in_group(self, group: str) -> list[QAction]:
        """A menu's actions, in the table's order."""
        return [self._actions[s.name] for s in SPECS if s.group == group]

    def for_canvas(self) -> list[QAction]:
        """The actions whose shortcuts belong to the canvas."""
        return [self._actions[s.name] for s in SPECS if s.on_canvas]

    def for_picture(self) -> list[QAction]:
        """The actions whose shortcuts belong to the picture alone."""
        return [self._actions[s.name] for s in SPECS if s.on_picture]

    def draw_icons(self) -> None:
        """Draw the icons again, in the theme's present colours."""
        for spec in SPECS:
            if spec.icon:
                self._actions[spec.name].setIcon(icon(spec.icon, spec.icon_on))


def overview() -> dict[str, list[tuple[str, str]]]:
    """All shortcuts by menu: ``(what, keys as the platform writes them)``."""
    native = QKeySequence.SequenceFormat.NativeText
    groups: dict[str, list[tuple[str, str]]] = {}
    for spec in SPECS:
        keys = " or ".join(QKeySequence(k).toString(native) for k in spec.keys)
        what = spec.text.replace("&", "").rstrip("…")
        groups.setdefault(spec.group.replace("&", ""), []).append((what, keys))
    groups["Panels"] = [
        (name, QKeySequence(key).toString(native))
        for name, key in zip(PANELS, PANEL_KEYS, strict=True)
    ]
    return groups
