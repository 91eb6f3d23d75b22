"""The user's own classifier: a weight file, with what else is known about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from camviewer.errors import ModelError
from camviewer.models import checkpoint, labels, programs, statedict, taught, weightfile, zoo
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Overrides, Preprocessing
from camviewer.models.programs import Program
from camviewer.models.statedict import StateDict
from camviewer.models.weightfile import Format


def load(
    path: Path,
    *,
    name: str | None = None,
    labels_file: Path | None = None,
    overrides: Overrides | None = None,
    consent: bool = False,
) -> Classifier:
    """The classifier in a weight file.

    Args:
        path: a ``.safetensors``, ``.pth``, ``.pt`` or ``.pt2`` file; what it is, its content says.
        name: the torchvision network that the weights belong to; None to find out.
        labels_file: see `labels.read`; else those in the file, or `labels.default`.
        overrides: what the user knows better about the input.
        consent: the user agreed that the file may run programs.

    Raises:
        ConsentRequiredError: if the file is a program and `consent` was not given.
        WeightsMismatchError: if the weights do not fit the network.
        ModelError: if the file or the labels cannot be used.
    """
    overrides = overrides or Overrides()
    form = weightfile.detect(path)
    if form in (Format.TORCHSCRIPT, Format.EXPORTED):
        program = programs.load(path, form, consent=consent)
        return _from_program(program, path, name, labels_file, overrides)
    contents = weightfile.read(path, form, consent=consent)
    if taught.is_taught(contents):
        if name is not None:
            raise ModelError(f"{path.name} brings its own network. Name no other beside it.")
        return taught.from_contents(contents, path, labels_file=labels_file, overrides=overrides)
    found = statedict.find(contents, path.name)
    if isinstance(found, nn.Module):
        program = Program(programs.unwrapped(found))
        return _from_program(program, path, name, labels_file, overrides)
    return _from_state_dict(found, path, name, labels_file, overrides)


def _from_state_dict(
    found: StateDict, path: Path, name: str | None, labels_file: Path | None, overrides: Overrides
) -> Classifier:
    name = name or _architecture(found, path)
    # Fine-tuned Inceptions still convert ImageNet's mean and deviation themselves; someone who
    # gives other numbers gives those that the bare network was trained with.
    rescale = overrides.mean is None and overrides.std is None
    fitted = checkpoint.fit(name, found.tensors, path.name, rescale=rescale)
    preprocessing = zoo.preprocessing(name)
    if fitted.image_size is not None:
        preprocessing = _for_size(preprocessing, fitted.image_size)
    return Classifier(
        name=name,
        network=fitted.network,
        labels=_labels(labels_file, found.labels, fitted.num_classes, name),
        preprocessing=preprocessing.overridden(overrides),
        weights=path.name,
        weights_sha256=weightfile.sha256(path),
    )


def _from_program(
    program: Program, path: Path, name: str | None, labels_file: Path | None, overrides: Overrides
) -> Classifier:
    preprocessing = zoo.preprocessing(name) if name else Preprocessing()
    if program.input_size is not None:
        preprocessing = replace(_for_size(preprocessing, program.input_size), fixed_size=True)
    preprocessing = preprocessing.overridden(overrides)
    count = programs.count_classes(program.network, preprocessing, path.name)
    return Classifier(
        name=name or path.stem,
        network=program.network,
        labels=_labels(labels_file, None, count),
        preprocessing=preprocessing,
        weights=path.name,
        weights_sha256=weightfile.sha256(path),
    )


def _architecture(found: StateDict, path: Path) -> str:
    named = zoo.canonical(found.architecture) if found.architecture else None
    name = named or checkpoint.guess(found.tensors)
    if name is None:
        said = f" (it names {found.architecture!r})" if found.architecture else ""
        raise ModelError(
            f"{path.name} does not say which network of torchvision its weights belong to{said}, "
            "and they resemble none. Choose the model that they were trained with."
        )
    return name


def _for_size(preprocessing: Preprocessing, size: int) -> Preprocessing:
    free = replace(preprocessing, fixed_size=False)
    sized = free.overridden(Overrides(input_size=size))
    return replace(sized, fixed_size=preprocessing.fixed_size)


def _labels(
    file: Path | None, said: Any, count: int, network: str | None = None
) -> tuple[str, ...]:
    if file is not None:
        return labels.read(file, count)
    if said is not None:
        try:
            found = labels.from_value(said)
        except ValueError:
            found = ()  # something else of that name; it was not the user who pointed at it
        if len(found) == count:
            return found
    return labels.default(count, network)
