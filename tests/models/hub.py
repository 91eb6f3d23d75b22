"""A stand-in on this machine for the hub from which the weights of CLIP networks come."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Hub:
    """What lies at which path, and what was asked for.

    Attributes:
        files: by path.
        asked: the paths that were asked for, in order.
        go_on: while it is not set, the hub falls silent after the first thousand bytes.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def publish(self, path: Path, **listed: Any) -> None:
        """Offer a file as the weights of ``somebody/tiny``.

        Args:
            path: the file.
            listed: what the listing says of it otherwise than it is.
        """
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        entry = {"rfilename": "open_clip_model.safetensors", "lfs": {"sha256": digest}, **listed}
        self.files["/api/models/somebody/tiny?blobs=true"] = json.dumps(
            {"sha": "c0ffee", "siblings": [{"rfilename": "README.md"}, entry]}
        ).encode()
        self.files["/somebody/tiny/resolve/c0ffee/open_clip_model.safetensors"] = content

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The address, while the hub runs."""
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.asked.append(self.path)
                content = hub.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[:1000])
                hub.go_on.wait(10)
                self.wfile.write(content[1000:])

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
            thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{listening.server_address[1]}"
            finally:
                self.go_on.set()
                listening.shutdown()
                thread.join()
