"""Whatever answers at the address: what is no clear word of Ray's is an outage, never "there is no such job"."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from rea.domain.errors import BackendUnreachable, UsageError
from rea.executor.backends.ray import Client
from rea.executor.backends.ray import client as client_module
from rea.executor.backends.ray.strays import strays
from rea.executor.backends.stray import key_of

NO_RAY = {
    "another web server": (404, b"<html>not found"),
    "a login page": (200, b"<html>who are you?"),
    "somebody else's JSON": (200, b'{"jobs": []}'),
    "a list": (200, b"[]"),
    "nothing": (200, b""),
    "no leave": (401, b"Unauthorized"),
    "elsewhere": (302, b""),
    "broken": (500, b"Traceback\n  RpcError: GCS is away\n"),
    "proxy": (502, b"Bad gateway"),
}


@contextmanager
def answering(code: int, body: bytes) -> Iterator[Client]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Client(address=f"http://127.0.0.1:{server.server_port}", patience_s=5)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("what", NO_RAY)
def test_what_is_not_ray_is_an_outage(what: str) -> None:
    with answering(*NO_RAY[what]) as client, pytest.raises(BackendUnreachable):
        client.find("rea-x")


def test_planted_a_client_that_takes_any_404_for_no_such_job_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    code, _ = NO_RAY["another web server"]
    with answering(code, b"x does not exist") as client:
        assert client.find("rea-x") is None  # as Ray says it: the guard looks at the words as well as at the code
    with answering(*NO_RAY["another web server"]) as client:
        monkeypatch.setattr(client_module, "_says_none", lambda told: True)
        assert client.find("rea-x") is None


def test_a_head_that_says_nothing_is_an_outage() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        client = Client(address=f"http://127.0.0.1:{deaf.getsockname()[1]}", patience_s=0.2)
        with pytest.raises(BackendUnreachable, match="could not be asked"):
            client.find("rea-x")


@pytest.mark.parametrize(
    "address",
    [
        *("http://10.0.0.5:8265", "http://head:8265", "http://127.0.0.1.evil.example:8265", "http://0.0.0.0:8265"),
        *("ray://127.0.0.1:10001", "127.0.0.1:8265", "auto", "http://", "http://127.0.0.1:x", "file:///etc/passwd"),
        *("https://user:canary@head", "http://127.0.0.1:8265?token=canary"),
    ],
)
def test_plain_http_beyond_this_machine_and_secrets_are_refused(address: str) -> None:
    with pytest.raises(UsageError, match="RAY_API_SERVER_ADDRESS") as refused:
        Client(address=address)
    assert "canary" not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("address", ["http://localhost:8265", "http://[::1]:8265/", "https://ray.example.org/cluster"])
def test_a_tunnel_and_https_are_fine(address: str) -> None:
    assert Client.of({"RAY_API_SERVER_ADDRESS": address}).address == address


def test_ray_is_never_imported() -> None:
    code = (
        "import sys, pathlib; from rea import app; from rea.executor.backends.ray import RayBackend\n"
        "app.choose('ray', {}); RayBackend(root=pathlib.Path('/')).poll(['j'])\n"
        "sys.exit('ray' in sys.modules or 'requests' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_jobs_of_ours_are_told_from_those_of_others(tmp_path: Path) -> None:
    directory = tmp_path / "jobs" / "e1.s0.a0"
    script = f"exec /usr/bin/env -i /bin/sh '{directory}/control/entrypoint'"
    jobs = [
        {"submission_id": key_of(directory), "status": "RUNNING", "entrypoint": script},
        {"submission_id": f"{key_of(directory)}2", "status": "PENDING", "entrypoint": script},
        {"submission_id": key_of(directory), "status": "STOPPED", "entrypoint": script},
        {"submission_id": "raysubmit_1", "status": "RUNNING", "entrypoint": "python train.py"},
        {"submission_id": None, "status": "RUNNING", "entrypoint": "", "type": "DRIVER"},
    ]
    with answering(200, json.dumps(jobs).encode()) as client:
        found = strays(client)
    assert [(s.key, s.directory) for s in found] == [(key_of(directory), directory), (f"{key_of(directory)}2", None)]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_job_whose_folder_is_another_users_is_not_ours(tmp_path: Path) -> None:
    directory = tmp_path / "jobs" / "e1.s0.a0"
    directory.mkdir(parents=True)
    job = {"submission_id": key_of(directory), "status": "RUNNING", "entrypoint": f"sh {directory}/control/entrypoint"}
    with answering(200, json.dumps([job]).encode()) as client:
        assert len(strays(client)) == 1
        os.chown(directory, 65534, 65534)
        assert strays(client) == ()
