"""Every path, with what it answers."""

import json
import struct
from importlib.metadata import version as installed_version

import pytest

from keepfit.errors import NotFoundError, RequestError
from keepfit.serving.refusals import NotReadyError, PredictionFailedError
from keepfit.web.message import Request
from keepfit.web.routes import ROUTES, find
from keepfit.web.statuses import MediaTypeError, MethodNotAllowedError, UnknownPathError

INFER = {
    "id": "r",
    "inputs": [
        {"name": "miles", "shape": [2], "datatype": "FP64", "data": [1.5, 2.0]},
        {"name": "hour", "shape": [2], "datatype": "INT64", "data": [8, 9]},
    ],
}


def answer(plane, request):
    """What a path answers, alone."""
    found = find(request)
    if not found.infers:
        return found.reply(plane, request)
    call = found.call(plane, request)
    (outcome,) = plane.answer(
        [plane.ask(call.model, call.read, request_id=call.request_id, version=call.version)]
    )
    if isinstance(outcome, Exception):
        raise outcome
    return call.reply(outcome)


@pytest.fixture
def get(world):
    """GET a path; the reply, and its body as JSON."""
    plane = world.plane()

    def go(path):
        reply = answer(plane, Request(method="GET", path=path))
        return reply.status, json.loads(reply.body)

    return go


@pytest.fixture
def post(world):
    """POST a value to a path."""
    plane = world.plane()

    def go(path, value, content_type="application/json", **headers):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        request = Request(
            method="POST", path=path, headers={"content-type": content_type, **named}, body=body
        )
        return answer(plane, request)

    return go


@pytest.mark.parametrize("path", ["/v2/models/taxi/infer", "/v2/models/taxi/versions/3/infer"])
def test_infer(post, path):
    """By the champion, or by a version."""
    reply = post(path, INFER)
    body = json.loads(reply.body)
    assert (body["model_name"], body["model_version"], body["id"]) == ("taxi", "3", "r")
    assert [one["data"] for one in body["outputs"]] == [[3.0, 4.0], ["r:0", "r:1"]]
    assert reply.headers == {}


def test_a_matrix_is_taken(post):
    """The model takes numbers only."""
    tensor = {"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [[5.0, 8.0]]}
    assert json.loads(post("/v2/models/taxi/infer", {"inputs": [tensor]}).body)["outputs"][0]["data"] == [
        10.0
    ]


def test_a_failing_model_is_told(post):
    """As the exception that the table knows."""
    with pytest.raises(PredictionFailedError, match="no way back"):
        post("/invocations", {"inputs": {"miles": [-1], "hour": [1]}}, x_keepfit_model="taxi")


def test_labels(post, world):
    """Both forms."""
    path = "/v2/models/taxi/labels"
    assert json.loads(
        post(path, {"labels": [{"id": "r:0", "value": 12.3, "time": "2020-02-02T00:00:00Z"}]}).body
    ) == {"accepted": 1}
    assert json.loads(post(path, {"ids": ["r:1", "r:2"], "values": [1, 2]}).body) == {"accepted": 2}
    assert [one.prediction_id for one in world.frames] == [["r:0"], ["r:1", "r:2"]]


def test_invocations_by_header(post):
    """JSON and CSV; the request's id is in a header, for labels."""
    reply = post("/invocations", {"dataframe_records": [{"miles": 1, "hour": 2}]}, x_keepfit_model="taxi")
    assert reply.body == b'{"predictions":[2.0]}'
    assert reply.headers["x-keepfit-request-id"].startswith("req-")
    assert (
        post("/invocations", b"hour,miles\n1,4\n", "text/csv", x_keepfit_model="taxi").body
        == b'{"predictions":[8.0]}'
    )


def test_invocations_without_a_name_list_the_models(post):
    """One of several is not guessed."""
    with pytest.raises(RequestError, match="which model") as caught:
        post("/invocations", {"instances": [[1, 2]]})
    assert caught.value.hint == "there are: bus, taxi"


def test_the_only_model_needs_no_name(world, post):
    """As in a container that serves one."""
    world.models = {"taxi": 3}
    reply = answer(
        world.plane(), Request(method="POST", path="/invocations", body=b'{"instances": [[1, 2]]}')
    )
    assert reply.body == b'{"predictions":[2.0]}'


def test_metadata(get):
    """Of the server, the models and one model."""
    assert get("/v2")[1]["name"] == "keepfit"
    assert get("/v2/models")[1] == {"models": ["bus", "taxi"]}
    _, body = get("/v2/models/taxi")
    assert (body["name"], body["versions"]) == ("taxi", ["3"])
    assert [one["datatype"] for one in body["inputs"]] == ["FP64", "INT64"]
    assert get("/v2/models/taxi/versions/3")[1]["versions"] == ["3"]
    assert body["parameters"] == {"runtime": "scikit-learn"}


def test_health(get):
    """Alive, ready, and each model for itself."""
    assert get("/v2/health/live") == (200, {"live": True})
    assert get("/v2/health/ready") == (200, {"ready": True})
    assert get("/v2/models/taxi/ready") == (200, {"name": "taxi", "ready": True})
    assert get("/v2/models/taxi/versions/3/ready")[0] == 200
    status, body = get("/v2/models/bus/ready")
    assert (status, body["ready"]) == (503, False)
    assert "no released version" in body["error"]


def test_a_server_that_has_not_looked_at_the_routes_is_not_ready(world):
    """It is alive, though."""
    world.plane()
    fresh = type(world.plane())(routes=world, loader=world, capture=world, clock=None)
    assert answer(fresh, Request(method="GET", path="/v2/health/ready")).status == 503
    assert answer(fresh, Request(method="GET", path="/ping")).status == 503
    assert answer(fresh, Request(method="GET", path="/v2/health/live")).status == 200


def test_ping(world):
    """For SageMaker."""
    assert answer(world.plane(), Request(method="GET", path="/ping")).status == 200


@pytest.mark.parametrize(
    "path", ["/v2/models/tram/infer", "/v2/models/taxi/versions/9/infer", "/v2/models/taxi/versions/x/infer"]
)
def test_what_is_not_there_is_not_found(post, path):
    """Models and versions."""
    with pytest.raises(NotFoundError):
        post(path, INFER)


def test_a_model_without_a_release_is_not_ready(post):
    """It will be."""
    with pytest.raises(NotReadyError):
        post("/v2/models/bus/infer", INFER)


def test_paths_and_methods(get, post):
    """Nothing there, and something there for another method, are told apart; a slash at the end is no matter."""
    with pytest.raises(UnknownPathError, match="nothing at /v3"):
        get("/v3")
    with pytest.raises(MethodNotAllowedError, match="/v2/models/taxi/infer takes POST, not GET") as caught:
        get("/v2/models/taxi/infer")
    assert caught.value.allowed == "POST"
    with pytest.raises(MethodNotAllowedError):
        post("/v2/models/taxi", {})
    assert get("/v2/models/")[0] == 200


@pytest.mark.parametrize(
    "path",
    ["/v2/models/taxi/infer", "/v2/models/taxi/labels", "/v1/models/taxi:predict", "/invocations"],
)
@pytest.mark.parametrize("content_type", ["application/json; charset=latin-1", "application/xml"])
def test_bodies_in_other_forms_are_refused(post, path, content_type):
    """Types and charsets."""
    with pytest.raises(MediaTypeError, match="is not read here: send"):
        post(path, INFER, content_type)


def test_binary_tensors_in_and_out(post):
    """Triton's extension: the header tells where the JSON ends."""
    head = {
        "inputs": [
            {"name": "x", "shape": [1, 2], "datatype": "FP64", "parameters": {"binary_data_size": 16}}
        ],
        "parameters": {"binary_data_output": True},
    }
    text = json.dumps(head).encode()
    reply = post(
        "/v2/models/taxi/infer",
        text + struct.pack("<2d", 5.0, 8.0),
        "application/octet-stream",
        inference_header_content_length=str(len(text)),
    )
    length = int(reply.headers["inference-header-content-length"])
    assert reply.media_type == "application/octet-stream"
    assert json.loads(reply.body[:length])["outputs"][0]["parameters"] == {"binary_data_size": 8}
    assert struct.unpack("<d", reply.body[length : length + 8]) == (10.0,)


def test_predict_of_kserves_first_protocol(post, get):
    """Instances in, predictions out, and what it asks of models."""
    reply = post("/v1/models/taxi:predict", {"instances": [{"miles": 1, "hour": 2}, {"miles": 2, "hour": 2}]})
    assert reply.body == b'{"predictions":[2.0,4.0]}'
    assert get("/") == (200, {"status": "alive"})
    assert get("/v1/models") == (200, {"models": ["bus", "taxi"]})
    assert get("/v1/models/taxi") == (200, {"name": "taxi", "ready": True})
    assert get("/v1/models/bus") == (503, {"name": "bus", "ready": False})


def test_an_id_cannot_add_headers_to_the_reply(post):
    """Line breaks in it are not sent as such."""
    given = {"x_keepfit_model": "taxi", "x_amzn_sagemaker_inference_id": "r\r\nset-cookie: x"}
    reply = post("/invocations", {"instances": [[1, 2]]}, **given)
    assert reply.headers["x-keepfit-request-id"] == "r??set-cookie: x"


def test_a_request_is_named_by_sagemakers_caller(post, world):
    """So that the ground truth that it sends later finds its prediction."""
    post(
        "/invocations",
        {"instances": [[1, 2]]},
        x_keepfit_model="taxi",
        x_amzn_sagemaker_inference_id="order-7",
    )
    assert world.frames[0].prediction_id == ["order-7"]


def test_what_curl_sends_unasked_is_taken_for_json(post):
    """Its users forget the type."""
    reply = post("/v2/models/taxi/infer", INFER, "application/x-www-form-urlencoded")
    assert json.loads(reply.body)["id"] == "r"


def test_mlflows_health_and_version(get, world):
    """Beside SageMaker's ping."""
    reply = answer(world.plane(), Request(method="GET", path="/version"))
    assert (reply.media_type, reply.body.decode()) == ("text/plain", installed_version("keepfit"))
    assert answer(world.plane(), Request(method="GET", path="/health")).status == 200


def test_every_route_is_there_once():
    """No path hides another."""
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


def test_an_unknown_model_is_told_before_anything_is_said_of_the_body(post):
    """404, though the body could not be read either."""
    with pytest.raises(NotFoundError, match="unknown model 'taxo'"):
        post("/v2/models/taxo/infer", {})
