"""A web UI for tests: the interface of one, on this machine, with a brush instead of a network."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from parseq_tui.video.images import decode_png, encode_png

SAMPLERS = ("Euler a", "Euler", "DPM++ 2M", "DDIM")


class WebUi:
    """What it was asked, and how it misbehaves."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.model = "first.safetensors [aaa]"
        self.password = ""
        self.failures: list[tuple[int, str]] = []
        """Answers to the next pictures asked for: a status and a text; status 0 hangs up."""
        self.answer: dict[str, Any] = {}
        """What is put over the usual answer."""

    def picture(self, body: dict[str, Any]) -> dict[str, Any]:
        if "init_images" in body:
            image = decode_png(base64.b64decode(body["init_images"][0]))
            image = np.minimum(image.astype(int) + 10, 255).astype(np.uint8)
        else:
            image = np.full((body["height"], body["width"], 3), body["seed"] % 200, np.uint8)
        info = {"sampler_name": body["sampler_name"], "seed": body["seed"]}
        return {"images": [base64.b64encode(encode_png(image)).decode()], "info": json.dumps(info), **self.answer}


@contextmanager
def web_ui() -> Iterator[WebUi]:
    """A running one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.allowed():
                return
            answers: dict[str, Any] = {
                "/sdapi/v1/options": {"sd_model_checkpoint": ui.model, "sd_vae": "Automatic"},
                "/sdapi/v1/samplers": [{"name": name, "aliases": [], "options": {}} for name in SAMPLERS],
                "/sdapi/v1/sd-models": [
                    {"title": f"{name}.safetensors [{hash_}]", "model_name": name, "hash": hash_, "sha256": hash_ * 9}
                    for name, hash_ in (("first", "aaa"), ("second", "bbb"))
                ],
            }
            self.send(200 if self.path in answers else 404, answers.get(self.path, {"detail": "Not Found"}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if not self.allowed():
                return
            ui.asked.append((self.path, body))
            if self.path == "/sdapi/v1/options":
                ui.model = body["sd_model_checkpoint"]
                self.send(200, None)
                return
            if ui.failures:
                status, text = ui.failures.pop(0)
                if status:
                    self.send(status, {"error": text, "detail": ""})
                else:
                    self.close_connection = True
                return
            self.send(200, ui.picture(body))

        def allowed(self) -> bool:
            wanted = "Basic " + base64.b64encode(ui.password.encode()).decode()
            if not ui.password or self.headers.get("Authorization") == wanted:
                return True
            self.send(401, {"detail": "Not authenticated"})
            return False

        def send(self, status: int, answer: Any) -> None:
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ui = WebUi(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield ui
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
