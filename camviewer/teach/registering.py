"""Where the layers of a backbone look, measured on the pictures that are taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from camviewer.errors import PictureError
from camviewer.media import images
from camviewer.models.registration import Registration
from camviewer.teach.data.dataset import Example
from camviewer.teach.features import Cancelled, check
from camviewer.teach.foundation import Foundation
from camviewer.types import Fit

_PICTURES = 8  # the shifts of two networks moved by less than 0.03 cells with other ones


def registered(
    foundation: Foundation,
    examples: Sequence[Example],
    device: torch.device,
    cancelled: Cancelled | None = None,
) -> Foundation:
    """The foundation, its layers' cells brought to where they look.

    Layers of different networks, and of different depth, look beside their cells by other amounts;
    where things are as small as cells, they are found beside their place, and layers that are
    weighed together do not meet. See `Registration`.

    Args:
        foundation: of convolutions or tokens.
        examples: pictures; some of them, spread evenly, are looked at. Those that cannot be read
            are passed over.
        device: where to compute.
        cancelled: asked before each run of the network.

    Raises:
        CancelledError: if `cancelled` became true.
    """
    network, preprocessing = foundation.network(1, device), foundation.preprocessing
    measured = [Registration() for _ in foundation.descent.taps]
    for example in examples[:: max(len(examples) // _PICTURES, 1)][:_PICTURES]:
        check(cancelled)
        try:
            frame = images.load(example.path, least=preprocessing.input_size)
        except PictureError:
            continue
        upright = preprocessing.tensor(frame, preprocessing.geometry(frame.size, Fit.WHOLE))
        looks = []
        for look in (upright, upright.flip(2), upright.flip(3)):
            check(cancelled)
            with torch.inference_mode():
                maps, _ = network.unit_maps(look.to(device))
            looks.append([grid[0].cpu() for grid in maps])
        for registration, *grids in zip(measured, *looks, strict=True):
            registration.add(*grids)
    taps = tuple(
        replace(tap, shift=registration.shift)
        for tap, registration in zip(foundation.descent.taps, measured, strict=True)
    )
    return replace(foundation, descent=replace(foundation.descent, taps=taps))
