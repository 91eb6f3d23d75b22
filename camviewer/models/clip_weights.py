"""Where the weights of CLIP networks lie: here already, or on the Hugging Face hub.

open_clip's own download knows neither progress nor cancelling; this one is the zoo's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch.hub

from camviewer.errors import CancelledError, DownloadError
from camviewer.models import download
from camviewer.models.download import Cancelled, Progress
from camviewer.models.transfer import receive

_HUB = "https://huggingface.co"
_PLAIN = "open_clip_pytorch_model.bin"
_SAFE = "open_clip_model.safetensors"


@dataclass(frozen=True)
class Published:
    """Weights on the hub.

    Attributes:
        stem: what the file is called here, without what tells its content and kind.
        repository: ``owner/name``.
        files: names that it may have there, best first.
    """

    stem: str
    repository: str
    files: tuple[str, ...]


def on_hub(stem: str, address: str) -> Published:
    """The weights at an address as open_clip writes it, ``owner/name/file`` or ``owner/name/``."""
    repository, _, file = address.rpartition("/")
    plain = file or _PLAIN
    safe = _SAFE if plain == _PLAIN else f"{plain.rpartition('.')[0]}.safetensors"
    return Published(stem, repository, tuple(dict.fromkeys((safe, plain))))


def present(published: Published) -> Path | None:
    """The file where it is on this machine: camviewer's own, or one that open_clip fetched."""
    for suffix in _suffixes(published):
        whole = _folder() / f"{published.stem}{suffix}"
        hashed = sorted(_folder().glob(f"{published.stem}-????????{suffix}"))
        for path in (whole, *hashed):
            if path.is_file():
                return path
    from huggingface_hub import try_to_load_from_cache

    for file in published.files:
        cached = try_to_load_from_cache(published.repository, file)
        if isinstance(cached, str):
            return Path(cached)
    return None


def fetch(
    published: Published, *, progress: Progress | None = None, cancelled: Cancelled | None = None
) -> Path:
    """The weights as a file; downloaded unless they are there, and held to the hub's SHA-256.

    Args:
        published: which.
        progress: called with bytes done and bytes in all (0 when unknown).
        cancelled: asked every 20 ms.

    Raises:
        CancelledError: within 100 ms of `cancelled` becoming true.
        DownloadError: if they cannot be fetched; the message says which file to put where.
    """
    path = present(published)
    if path is not None:
        return path
    listing = _listing(published, cancelled)
    files = {entry.get("rfilename"): entry for entry in listing.get("siblings", [])}
    for file in published.files:
        if file in files:
            digest = (files[file].get("lfs") or {}).get("sha256", "")
            mark = f"-{digest[:8]}" if digest else ""
            return download.fetch(
                f"{_endpoint()}/{published.repository}/resolve/{listing.get('sha', 'main')}/{file}",
                path=_folder() / f"{published.stem}{mark}{Path(file).suffix}",
                progress=progress,
                cancelled=cancelled,
            )
    raise DownloadError(
        f"{_endpoint()}/{published.repository} holds no {' or '.join(published.files)}. Give the "
        "weights as a file."
    )


def _listing(published: Published, cancelled: Cancelled | None) -> dict[str, Any]:
    """What the hub says about the repository: its commit, its files and their hashes."""

    def check() -> None:
        if cancelled is not None and cancelled():
            raise CancelledError(f"The download of {published.stem} was cancelled.")

    address = f"{_endpoint()}/api/models/{published.repository}?blobs=true"
    try:
        with receive(address, 0, check) as transfer:
            listing: dict[str, Any] = json.loads(b"".join(transfer.chunks))
    except (*download.INTERRUPTIONS, ValueError) as error:
        file = published.files[0]
        raise DownloadError(
            f"{published.stem} could not be downloaded: {download.reason(error)}. Try again. Or "
            f"download {_endpoint()}/{published.repository}/resolve/main/{file} elsewhere and save "
            f"it as {_folder() / published.stem}{Path(file).suffix}."
        ) from error
    return listing


def _suffixes(published: Published) -> Sequence[str]:
    return [Path(file).suffix for file in published.files]


def _folder() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints"


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", _HUB).rstrip("/")
