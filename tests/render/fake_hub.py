"""A model hub on this machine: what huggingface_hub asks of the real one, for one repository in a folder."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def serving(folder: Path, repository: str, *, cut_after: int | None = None) -> Iterator[tuple[str, list[str]]]:
    """The hub's address and the paths it was asked for. After `cut_after` bytes of a file it hangs up, once."""
    asked: list[str] = []
    cut = [cut_after]

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def do_HEAD(self) -> None:
            self.do_GET(body=False)

        def do_GET(self, body: bool = True) -> None:
            path = urlsplit(self.path).path
            asked.append(f"{self.command} {path}")
            parts = path.strip("/").split("/")
            if path.startswith("/api/models/"):
                found = "/".join(parts[2:4]) == repository
                self._answer(
                    200 if found else 404, json.dumps(_description(folder, repository)).encode() if found else b"{}"
                )
            elif "/".join(parts[:2]) == repository and parts[2] == "resolve" and parts[3] in ("main", COMMIT):
                self._file(folder / "/".join(parts[4:]), body)
            else:
                self._answer(404, b"{}")

        def _answer(self, status: int, text: bytes) -> None:
            self.send_response(status)
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def _file(self, file: Path, body: bool) -> None:
            content = file.read_bytes()
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0] or 0)
            self.send_response(206 if start else 200)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Accept-Ranges", "bytes")
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            if not body:
                return
            if cut[0] is not None and len(content) > cut[0]:
                self.wfile.write(content[start : start + cut[0]])
                cut[0] = None
                self.close_connection = True
                self.connection.close()
                return
            self.wfile.write(content[start:])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def _description(folder: Path, repository: str) -> dict[str, object]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {
        "_id": "1",
        "id": repository,
        "sha": COMMIT,
        "siblings": [{"rfilename": f.relative_to(folder).as_posix(), "size": f.stat().st_size} for f in files],
    }
