"""Requests over real connections, on the quick way and beside it."""

import json
import select
import socket
import threading
from contextlib import contextmanager
from time import perf_counter

import pytest

from keepfit.web.front import KEEP_ALIVE_S
from keepfit.web.server import InferenceServer

INFER = json.dumps(
    {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [[4.0, 8.0]]}], "id": "r"}
).encode()


@contextmanager
def serving(plane, keep_alive_s=KEEP_ALIVE_S):
    """Makes connections to a server."""
    started = threading.Event()
    server = InferenceServer(
        plane, port=0, keep_alive_s=keep_alive_s, on_start=lambda _address: started.set()
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    assert started.wait(10)
    host, port = server.address.removeprefix("http://").split(":")
    made = []

    def make():
        made.append(socket.create_connection((host, int(port)), timeout=10))
        return made[-1]

    yield make
    for one in made:
        one.close()
    server.stop()
    thread.join(30)


@pytest.fixture
def connect(world, request):
    """A connection to a server of the world's models, which closes it after `param` idle seconds."""
    with serving(world.plane(), getattr(request, "param", KEEP_ALIVE_S)) as make:
        yield make


def post(body, path="/v2/models/taxi/infer", *headers):
    """The bytes of a request."""
    lines = [f"POST {path} HTTP/1.1", "host: x", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def replies(connection, count):
    """Status, headers and body of so many replies."""
    file, found = connection.makefile("rb"), []
    for _ in range(count):
        status = int(file.readline().split()[1])
        headers = {}
        while line := file.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name] = value
        found.append((status, headers, file.read(int(headers["content-length"]))))
    return found


def answered(body):
    """The prediction of a reply."""
    return json.loads(body)["outputs"][0]["data"]


def test_a_connection_is_kept_for_one_request_after_the_other(connect):
    """Each is answered, with a date and its length."""
    connection = connect()
    for _ in range(3):
        connection.sendall(post(INFER))
        ((status, headers, body),) = replies(connection, 1)
        assert (status, headers["content-type"], answered(body)) == (200, "application/json", [8.0])
        assert {"date", "content-length"} <= headers.keys()
        assert "connection" not in headers


def test_the_writing_of_each_reply_is_measured(connect):
    """From the answer to the last byte."""
    connection = connect()
    connection.sendall(post(INFER) * 3 + b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
    told = replies(connection, 4)[-1][2].decode()
    taken = 'keepfit_stage_duration_seconds_%s{model="taxi",stage="encode",version="3"} '
    assert taken % "count" + "3.0" in told
    (seconds,) = [line for line in told.splitlines() if line.startswith(taken % "sum")]
    assert 0 < float(seconds.rpartition(" ")[2]) < 3


def named(number):
    """The body of a request, of the same length for every number below a hundred."""
    return INFER.replace(b'"id": "r"', b'"id": "r%02d"' % number)


def ids(found):
    """The ids of replies of status 200."""
    assert {status for status, _, _ in found} == {200}
    return [json.loads(body)["id"] for _, _, body in found]


def test_requests_whose_head_is_known_are_answered_in_order(connect):
    """One at a time, several in one piece, in pieces of any length, and one while the one before is under way."""
    connection = connect()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for number in range(3):
        connection.sendall(post(named(number)))
        assert ids(replies(connection, 1)) == [f"r{number:02}"]
    whole = b"".join(post(named(number)) for number in range(10))
    for length in (len(whole), 1, 7, 97, len(post(named(0)))):
        for start in range(0, len(whole), length):
            connection.sendall(whole[start : start + length])
        assert ids(replies(connection, 10)) == [f"r{number:02}" for number in range(10)]


def test_a_known_head_says_nothing_of_the_body(connect):
    """One that is wrong is told so, and the connection goes on."""
    connection = connect()
    for body in (named(0), named(1), b"{" * len(named(0)), named(2)):
        connection.sendall(post(body))
    assert [status for status, _, _ in replies(connection, 4)] == [200, 200, 400, 200]


def test_a_known_head_of_a_model_that_sleeps_waits_for_it(world):
    """Two models take turns in the place for one: each request finds its model unloaded."""
    world.models = {"taxi": 3, "bus": 3}
    with serving(world.plane(loaded_models=1)) as connect:
        connection = connect()
        for path in ["/v2/models/taxi/infer", "/v2/models/bus/infer"] * 3:
            connection.sendall(post(INFER, path))
            ((status, _, body),) = replies(connection, 1)
            assert (status, answered(body)) == (200, [8.0])


def test_pipelined_requests_are_answered_in_order(connect):
    """Quick ones and others, sent before any reply is read."""
    connection = connect()
    other = b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n"
    wrong = post(b"{")
    connection.sendall(post(INFER) + other + wrong + post(INFER))
    found = replies(connection, 4)
    assert [status for status, _, _ in found] == [200, 200, 400, 200]
    assert answered(found[3][2]) == [8.0]


def test_a_body_that_comes_in_pieces_is_waited_for(connect):
    """However small they are."""
    connection = connect()
    request = post(INFER)
    for place in range(0, len(request), 40):
        connection.sendall(request[place : place + 40])
    ((status, _, body),) = replies(connection, 1)
    assert (status, answered(body)) == (200, [8.0])


@pytest.mark.parametrize("rows", [2_000, 20_000])
def test_a_long_body_takes_the_other_way(connect, rows):
    """And is answered all the same; the connection goes on."""
    tensor = {"name": "x", "shape": [rows, 2], "datatype": "FP64", "data": [4.125, 8.5] * rows}
    body = json.dumps({"inputs": [tensor]}).encode()
    connection = connect()
    for _ in range(2):
        connection.sendall(post(body))
        ((status, _, reply),) = replies(connection, 1)
        assert status == 200
        assert answered(reply) == [8.25] * rows


def test_a_caller_that_asks_for_it_is_let_go(connect):
    """The reply says so."""
    connection = connect()
    connection.sendall(post(INFER, "/v2/models/taxi/infer", "connection: close"))
    ((status, headers, _),) = replies(connection, 1)
    assert (status, headers["connection"]) == (200, "close")
    assert connection.recv(1) == b""


def test_what_is_no_http_is_told_in_the_shape_of_all_errors(connect):
    """And the connection ends."""
    connection = connect()
    connection.sendall(b"nonsense\r\n\r\n")
    ((status, headers, body),) = replies(connection, 1)
    assert (status, headers["content-type"]) == (400, "application/json")
    assert json.loads(body) == {"error": "Invalid HTTP request received."}
    assert connection.recv(1) == b""


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v2/models/tax/infer", INFER, 404),
        ("/v2/models/bus/infer", INFER, 503),
        ("/v2/models/taxi/infer", b"{}", 400),
        ("/nowhere", INFER, 404),
        ("/v2/models/taxi/labels", b'{"ids": ["r"], "values": [1]}', 200),
    ],
)
def test_errors_and_other_paths_have_their_status(connect, path, body, status):
    """As without the quick way."""
    connection = connect()
    connection.sendall(post(body, path))
    ((found, _, _),) = replies(connection, 1)
    assert found == status


def test_a_caller_that_waits_to_be_asked_is_asked(connect):
    """`Expect: 100-continue` is uvicorn's business."""
    connection = connect()
    request = post(INFER, "/v2/models/taxi/infer", "expect: 100-continue")
    head = request[: -len(INFER)]
    connection.sendall(head)
    assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
    connection.sendall(INFER)
    ((status, _, _),) = replies(connection, 1)
    assert status == 200


def test_a_caller_that_leaves_harms_nobody(connect, world):
    """Its prediction is recorded, and the server goes on."""
    gone = connect()
    gone.sendall(post(INFER))
    gone.close()
    connection = connect()
    connection.sendall(post(INFER))
    assert replies(connection, 1)[0][0] == 200
    assert world.frames


def test_a_body_that_is_announced_as_too_long_is_refused_unread(connect):
    """It is not waited for."""
    connection = connect()
    connection.sendall(post(INFER).replace(b"content-length: %d" % len(INFER), b"content-length: %d" % 2**40))
    ((status, headers, body),) = replies(connection, 1)
    assert (status, headers["connection"]) == (413, "close")
    assert "longer than" in json.loads(body)["error"]


def test_a_body_without_a_length_is_taken_in_chunks(connect):
    """Short and long ones."""
    connection = connect()
    for body in (INFER, INFER + b" " * 100_000):
        head = post(b"").replace(b"content-length: 0", b"transfer-encoding: chunked")
        half = len(body) // 2
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]))
        connection.sendall(head + chunks + b"0\r\n\r\n")
        ((status, _, reply),) = replies(connection, 1)
        assert (status, answered(reply)) == (200, [8.0])


@pytest.mark.parametrize("connect", [1], indirect=True)
def test_a_connection_is_closed_when_it_has_been_idle(connect):
    """Its time begins anew with every reply, though one timer serves them all."""
    connection = connect()
    began = perf_counter()
    for _ in range(2):
        connection.sendall(post(INFER))
        ((status, _, _),) = replies(connection, 1)
        assert status == 200
        last, _ = perf_counter(), select.select([connection], [], [], 0.6)
    assert connection.recv(1) == b""
    assert perf_counter() - last > 0.95
    assert perf_counter() - began > 1.5
