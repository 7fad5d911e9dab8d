"""The access log: a line a request, none lost, none torn, and nobody waits for it."""

import json
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.web import access_log as module
from keepfit.web.access_log import AccessLog, Sink, pieces


@pytest.fixture
def path(tmp_path):
    return tmp_path / "access.log"


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_says_who_asked_what_and_who_answered(path):
    """Fields that say nothing are left out."""
    log = AccessLog("all", Sink(path=path), worker="web-0")
    log.request(
        "POST", "/v2/models/taxi/infer", 200, 1_234_567, "taxi", 3, 8, "r-1", "t" * 32, "s" * 16, "10.0.0.1:9"
    )
    log.request("GET", "/nowhere", 404, 5_000)
    log.close()
    first, second = lines(path)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
    assert first == {
        "method": "POST",
        "path": "/v2/models/taxi/infer",
        "status": 200,
        "ms": 1.234,
        "model": "taxi",
        "version": 3,
        "rows": 8,
        "request_id": "r-1",
        "trace_id": "t" * 32,
        "span_id": "s" * 16,
        "remote": "10.0.0.1:9",
        "worker": "web-0",
    }
    assert set(second) == {"time", "method", "path", "status", "ms", "worker"}


@pytest.mark.parametrize(("mode", "kept"), [("off", []), ("errors", [404, 503]), ("all", [200, 404, 503])])
def test_the_mode_says_which_are_kept(path, mode, kept):
    """Nothing is written where nothing is kept."""
    log = AccessLog(mode, Sink(path=path))
    for status in (200, 404, 503):
        log.request("GET", "/", status, 1)
    log.close()
    assert [one["status"] for one in lines(path)] == kept if kept else not path.exists()


def test_the_thread_writes_what_waits_when_it_ends(path):
    """Closing twice is no harm."""
    log = AccessLog("all", Sink(path=path))
    log.start()
    for number in range(500):
        log.request("GET", f"/{number}", 200, 1)
    log.close()
    log.close()
    assert [one["path"] for one in lines(path)] == [f"/{number}" for number in range(500)]


def test_a_file_that_was_moved_away_is_opened_anew(path, tmp_path):
    """As logrotate does it."""
    log = AccessLog("all", Sink(path=path))
    log.request("GET", "/before", 200, 1)
    log.flush()
    path.rename(tmp_path / "access.log.1")
    log.request("GET", "/after", 200, 1)
    log.close()
    assert [one["path"] for one in lines(tmp_path / "access.log.1")] == ["/before"]
    assert [one["path"] for one in lines(path)] == ["/after"]


def test_what_a_slow_sink_cannot_take_is_counted(path, monkeypatch):
    """Memory stays bounded."""
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    log = AccessLog("all", Sink(path=path))
    for _ in range(5):
        log.request("GET", "/", 200, 1)
    log.close()
    assert (len(lines(path)), log.dropped) == (3, 2)


def test_a_sink_that_fails_is_said_once_and_tried_again(tmp_path, caplog):
    """Requests go on."""
    log = AccessLog("all", Sink(path=tmp_path / "missing" / "access.log"))
    for _ in range(2):
        log.request("GET", "/", 200, 1)
        log.flush()
    assert (log.dropped, caplog.text.count("cannot be written")) == (2, 1)
    (tmp_path / "missing").mkdir()
    log.request("GET", "/later", 200, 1)
    log.close()
    assert [one["path"] for one in lines(tmp_path / "missing" / "access.log")] == ["/later"]


def test_no_text_of_a_caller_breaks_a_line(path):
    """Line ends are escaped, half a character is a question mark."""
    log = AccessLog("all", Sink(path=path))
    log.request("GET", "/a\nb", 200, 1, request_id='"\ud800"')
    log.close()
    assert [(one["path"], one["request_id"]) for one in lines(path)] == [("/a\nb", '"?"')]


def test_lines_go_to_a_pipe_whole(path):
    """Workers that share one write no line into another's."""
    reading, writing = os.pipe()
    log = AccessLog("all", Sink(descriptor=writing))
    for number in range(100):
        log.request("GET", f"/{number}" + "x" * 200, 200, 1)
    log.close()
    os.close(writing)
    with os.fdopen(reading, "rb") as end:
        assert len([json.loads(line) for line in end]) == 100


@given(st.lists(st.binary(max_size=12).map(lambda one: one.replace(b"\n", b"") + b"\n")), st.integers(1, 20))
def test_pieces_are_whole_lines(parts, most):
    """Together they are everything; one is longer than asked for only when a single line is."""
    made = list(pieces(b"".join(parts), most))
    assert b"".join(made) == b"".join(parts)
    assert all(one.endswith(b"\n") and (len(one) <= most or one.count(b"\n") == 1) for one in made)
