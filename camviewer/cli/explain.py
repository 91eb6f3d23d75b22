"""``camviewer explain``: what the window shows, as files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from camviewer.cam.methods import AUTO, METHODS
from camviewer.cli.shared import load_classifier, progress, request_of
from camviewer.errors import CamviewerError, ExportError, MethodError
from camviewer.export.bundle import Part, export
from camviewer.export.figure import save_figure
from camviewer.export.files import Stems, make_folder
from camviewer.export.record import record, to_json
from camviewer.inspector import Inspector, Request, inspector_for
from camviewer.media.images import find_pictures, is_picture, load
from camviewer.media.videos import is_video
from camviewer.render import View
from camviewer.types import Ask, Frame, Inspection, Question

if TYPE_CHECKING:
    from camviewer.cli.explain_video import VideoJob

_DONE, _FAILED, _INTERRUPTED = 0, 1, 130
_OF_PICTURES = ("save_map", "save_heatmap", "compare")  # options
_COMPARED = (2, 6)  # methods in one figure


def explain(arguments: argparse.Namespace) -> int:
    """Explain every picture and video; what fails is named on stderr and the others are done.

    Returns:
        The exit status: 0 all done, 1 some failed, 130 a video was interrupted.

    Raises:
        CamviewerError: if the network, a class, a layer or the method cannot be used.
        ExportError: if results cannot be written.
    """
    if arguments.out is None and not arguments.json:
        arguments.wrong("say where to write: --out DIR (or --json to print only)")
    inspector = inspector_for(load_classifier(arguments), arguments.device, arguments.runtime)
    request = _request(arguments, inspector)
    _check_compared(arguments, inspector)
    for note in (inspector.device_note, inspector.viewing_note):
        if note and not arguments.json:
            print(note, file=sys.stderr)
    if arguments.out is not None:
        make_folder(arguments.out)
    files = find_pictures(arguments.paths, lambda path: is_picture(path) or is_video(path))
    if not files:
        print("camviewer: no pictures or videos found there", file=sys.stderr)
        return _FAILED
    run = _Run(arguments, inspector, request)
    with progress(files, "file", quiet=arguments.json) as bar:
        for path in bar:
            try:
                run.explain(path, bar)
            except ExportError:
                raise  # the disk is full or read-only: the next file would fail likewise
            except CamviewerError as error:
                run.complain(f"{path}: {error}", bar)
            if run.status == _INTERRUPTED:
                break
    return run.status


class _Run:
    """One file after the other.

    Attributes:
        status: the exit status so far.
    """

    def __init__(
        self, arguments: argparse.Namespace, inspector: Inspector, request: Request
    ) -> None:
        self.status = _DONE
        self._arguments = arguments
        self._inspector = inspector
        self._request = request
        self._stems = Stems()
        self._videos: VideoJob | None = None

    def explain(self, path: Path, bar: tqdm[Path]) -> None:
        """Explain a file and print what was found.

        Raises:
            CamviewerError: if it cannot be read, explained or written.
        """
        if is_video(path):
            self._explain_video(path, bar)
            return
        arguments = self._arguments
        frame = load(path)
        inspection = self._inspector.inspect(frame, self._request)
        if arguments.out is not None:
            stem = self._stems.take(str(path))
            _write(inspection, arguments, stem)
            _write_figure(self._inspector, frame, self._request, arguments, stem)
        bar.clear()
        print(_told(inspection, arguments), flush=True)

    def complain(self, message: str, bar: tqdm[Path], status: int = _FAILED) -> None:
        """Name what failed."""
        bar.clear()
        print(f"camviewer: {message}", file=sys.stderr)
        self.status = status

    def _explain_video(self, path: Path, bar: tqdm[Path]) -> None:
        if self._videos is None:
            self._videos = self._video_job(bar)
        done, told = self._videos.run(path, self._stems.take(str(path)))
        if done.note:
            self.complain(f"{path}: {done.note}", bar)
        if done.cancelled:
            self.complain(told, bar, _INTERRUPTED)
        elif not self._arguments.json:
            bar.clear()
            print(told, flush=True)

    def _video_job(self, bar: tqdm[Path]) -> VideoJob:
        # most command lines name no video: ffmpeg is loaded for those that do
        from camviewer.cli.explain_video import VideoJob
        from camviewer.live.loop import Settings

        arguments = self._arguments
        given = [name for name in _OF_PICTURES if getattr(arguments, name)]
        if given:
            names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            bar.clear()
            print(f"camviewer: videos are explained without {names}", file=sys.stderr)
        settings = Settings(self._request, smoothing=arguments.smooth, track=arguments.track)
        return VideoJob(self._inspector, settings, _view(arguments), arguments.out, arguments.json)


def _check_compared(arguments: argparse.Namespace, inspector: Inspector) -> None:
    """Check the methods to compare once, instead of failing at every picture."""
    if not arguments.compare:
        return
    fewest, most = _COMPARED
    if not fewest <= len(arguments.compare) <= most:
        arguments.wrong(f"--compare takes {fewest} to {most} methods")
    if arguments.out is None:
        arguments.wrong("--compare writes a figure: say where with --out DIR")
    for method in arguments.compare:
        inspector.require(method, arguments.layer)


def _request(arguments: argparse.Namespace, inspector: Inspector) -> Request:
    if arguments.like is not None and (arguments.classes or arguments.top is not None):
        arguments.wrong("--like asks about no class: leave --class and --top out")
    classes = tuple(inspector.classifier.find(name) for name in arguments.classes)
    question = _question(arguments, inspector)
    if question.other is not None and question.other in classes:
        raise MethodError("A class cannot be compared with itself. Name another one.")
    request = replace(request_of(arguments, inspector), question=question)
    if question.reference is not None:
        # a network without embedding is told once instead of at every picture
        slow = request.method != AUTO and METHODS[request.method].slow
        once = replace(request, method=AUTO) if slow else request
        inspector.inspect(question.reference, once)
    return replace(request, targets=classes or None, top=arguments.top)


def _question(arguments: argparse.Namespace, inspector: Inspector) -> Question:
    if arguments.against:
        return Question(Ask.AGAINST)
    if arguments.rather_than is not None:
        return Question(Ask.RATHER_THAN, other=inspector.classifier.find(arguments.rather_than))
    if arguments.like is not None:
        return Question(Ask.LIKE, reference=load(arguments.like))
    return Question()


def _write(inspection: Inspection, arguments: argparse.Namespace, stem: str) -> None:
    wanted = {Part.OVERLAY, Part.JSON}
    if arguments.save_map:
        wanted.add(Part.MAP)
    if arguments.save_heatmap:
        wanted.add(Part.HEATMAP)
    export(inspection, _view(arguments), arguments.out, stem, wanted)


def _write_figure(
    inspector: Inspector,
    frame: Frame,
    request: Request,
    arguments: argparse.Namespace,
    stem: str,
) -> None:
    """The methods to compare side by side, if there are any."""
    panes = [
        inspector.inspect(frame, replace(request, method=method)) for method in arguments.compare
    ]
    if panes:
        save_figure(panes, _view(arguments), arguments.out, stem)


def _view(arguments: argparse.Namespace) -> View:
    return View(opacity=arguments.opacity, colormap=arguments.colormap)


def _told(inspection: Inspection, arguments: argparse.Namespace) -> str:
    """What is printed of a picture: JSON, or a line for a person."""
    if arguments.json:
        return to_json(record(inspection))
    return f"{inspection.frame.source}: " + "; ".join(_findings(inspection))


def _findings(inspection: Inspection) -> Iterator[str]:
    for explanation in inspection.explanations:
        heatmap = explanation.heatmap
        places = ", ".join(
            f"{b.width:.0f} x {b.height:.0f} at ({b.x:.0f}, {b.y:.0f})" for b in explanation.boxes
        )
        yield f"{heatmap.label} {heatmap.score:.0%}" + (f" [{places}]" if places else "")
    if not inspection.explanations:
        (best,) = inspection.top(1)
        yield (
            f"nothing found (most likely {best.label}, {best.score:.0%}; `--top 1` explains it all "
            "the same)"
        )
