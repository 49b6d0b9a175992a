"""The environment that Prefect runs in, and its server: one that does not start, one that dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

import pytest

from flows import lost, server
from pipeline.errors import WinnowError

CHECKOUT = Path(__file__).parent.parent


def _python(code: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT", "WINNOW", "DO_NOT_TRACK"))}
    clean |= {"PYTHONPATH": str(CHECKOUT)} | env
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, env=clean, capture_output=True, text=True, check=False)


def test_importing_the_flows_does_not_import_prefect(tmp_path: Path) -> None:
    modules = ", ".join(f"flows.{name}" for name in ("local", "progress", "pool", "serve", "server", "watch"))
    code = f"import sys, {modules}; assert 'prefect' not in sys.modules"
    assert _python(code, tmp_path).returncode == 0


def test_prefect_is_offline_patient_and_at_home_with_us(tmp_path: Path) -> None:
    code = """if True:
        from flows import runtime
        runtime.prepare()
        import json, os
        from prefect.settings import get_current_settings
        s = get_current_settings()
        print(json.dumps([str(s.home), s.server.ephemeral.startup_timeout_seconds, s.server.analytics_enabled,
                          os.environ["DO_NOT_TRACK"], os.environ["NO_PROXY"]]))"""
    done = _python(code, tmp_path, NO_PROXY="example.org")
    assert json.loads(done.stdout) == [
        *(str(tmp_path / ".winnow" / "prefect"), 180, False),
        *("1", "example.org,127.0.0.1,localhost,::1"),
    ]


def test_what_the_user_set_stays(tmp_path: Path) -> None:
    code = "import os; from flows import runtime; runtime.prepare(); print(os.environ['PREFECT_HOME'])"
    assert _python(code, tmp_path, PREFECT_HOME=str(tmp_path / "mine")).stdout.strip() == str(tmp_path / "mine")
    assert _python(code, tmp_path, WINNOW_HOME=str(tmp_path / "ours")).stdout.strip() == str(tmp_path / "ours" / "prefect")


def test_a_home_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = _python("from flows import runtime; runtime.prepare()", tmp_path, WINNOW_HOME=str(tmp_path / "file"))
    assert "Set WINNOW_HOME" in done.stderr


def test_a_server_that_does_not_start_tells_its_last_words(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(4)"])
    log = tmp_path / "server.log"
    log.write_text("no room at the inn")
    with pytest.raises(WinnowError, match=r"ended with 4(.|\n)*no room at the inn"):
        server.wait(process, "http://127.0.0.1:9/api", log, 30)


def test_who_asks_a_server_that_died_is_told_so_and_errors_say_it(tmp_path: Path) -> None:
    port = server.free_port()
    command = [sys.executable, "-m", "http.server", "--bind", server.HOST, str(port)]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answer() -> int:
        request = urllib.request.Request(f"{server.url_of(port)}/logs/", data=b"[]" * 99_999)  # noqa: S310
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def asked() -> None:
        def is_dead() -> bool:
            return server.is_gone(server.url_of(port))

        while is_dead():  # not yet begun
            time.sleep(0.1)
        # Another run that uses the same server hears of it too, though it finds the port taken.
        with lost.watched(is_dead, (server.HOST, port)), lost.watched(is_dead, (server.HOST, port)):
            process.kill()
            process.wait()
            while not (told := answer()):
                time.sleep(0.1)
            assert told == HTTPStatus.GONE
            assert is_dead()
            raise RuntimeError("what Prefect makes of it")

    with pytest.raises(WinnowError, match="has ended"):
        asked()
    assert not answer()
    with pytest.raises(RuntimeError, match="another"), lost.explained():
        raise RuntimeError("another")
