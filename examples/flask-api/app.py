"""A small web API: says which task answered, and ends cleanly when ECS asks it to."""

import json
import os
import signal
import socket
import threading
import time
import urllib.request

from flask import Flask, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

PORT = int(os.environ.get("PORT", "3000"))

app = Flask(__name__)


def log(line: str) -> None:
    print(line, flush=True)


def task_arn() -> str | None:
    """The ARN of the task this process runs in, from ECS's metadata endpoint; None outside a task."""
    endpoint = os.environ.get("ECS_CONTAINER_METADATA_URI_V4")
    if not endpoint:
        return None
    try:
        with urllib.request.urlopen(f"{endpoint}/task", timeout=2) as reply:
            return json.load(reply)["TaskARN"]
    except (OSError, ValueError, KeyError) as error:
        log(f"no task metadata: {error}")
        return None


TASK = task_arn()


@app.get("/")
def index():
    return jsonify(message="Hello from Flask", hostname=socket.gethostname(), task=TASK)


@app.get("/health")
def health():
    return jsonify(status="ok")


@app.before_request
def start_timer():
    request.environ["flask_api.started"] = time.monotonic()


@app.after_request
def log_request(response):
    milliseconds = (time.monotonic() - request.environ["flask_api.started"]) * 1000
    log(f"{request.remote_addr} {request.method} {request.path} {response.status_code} {milliseconds:.1f} ms")
    return response


class QuietHandler(WSGIRequestHandler):
    """Requests are logged by log_request, once, on stdout."""

    timeout = 10  # seconds in which a client must send its request, so that none can hold up the end

    def log_request(self, code="-", size="-"):
        pass


def serve() -> None:
    server = make_server("0.0.0.0", PORT, app, threaded=True, request_handler=QuietHandler)
    server.daemon_threads = False  # server_close then waits for the requests that are being answered

    def stop(_signal, _frame):
        log("flask-api stops: SIGTERM")
        threading.Thread(target=server.shutdown).start()

    # As process 1 of a container, Python would otherwise ignore SIGTERM and be killed when the stop time-out is over.
    signal.signal(signal.SIGTERM, stop)
    log(f"flask-api listens on port {PORT} (host {socket.gethostname()}, task {TASK or 'none'})")
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    log("flask-api stopped")


if __name__ == "__main__":
    serve()
