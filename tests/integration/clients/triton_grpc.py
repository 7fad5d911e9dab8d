"""What tritonclient[grpc] gets of a server, asked in every way that it has."""

import asyncio
import queue

import numpy as np
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from asked import MODEL, arrays, task, tell, text
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

TASK = task()
CLIENT = triton.InferenceServerClient(TASK.grpc)


def inputs(columns, *, upright=False, **dtypes):
    tensors = []
    for name, values in arrays(columns, **dtypes).items():
        array = values.reshape(-1, 1) if upright else values
        tensors.append(triton.InferInput(name, array.shape, np_to_triton_dtype(array.dtype)))
        tensors[-1].set_data_from_numpy(array)
    return tensors


def outputs(*names):
    return [triton.InferRequestedOutput(name) for name in names]


def answer(result):
    told = result.get_response(as_json=True)
    rides, ids = result.as_numpy("rides"), result.as_numpy("prediction_id")
    return {
        "model": told["model_name"],
        "version": told["model_version"],
        "id": told["id"],
        "outputs": [one["name"] for one in told["outputs"]],
        "binary": ["contents" not in one for one in told["outputs"]],
        "rides": None if rides is None else rides.tolist(),
        "ids": None if ids is None else [text(one) for one in ids],
    }


def infer(tensors=None, model=MODEL, **how):
    return answer(CLIENT.infer(model, tensors or inputs(TASK.few), **how))


def refused(call, *arguments, **how):
    try:
        return {"was answered": str(call(*arguments, **how))}
    except InferenceServerException as error:
        return {"status": error.status(), "message": error.message()}


def without(name, **other):
    return {**{one: values for one, values in TASK.few.items() if one != name}, **other}


def health():
    return {
        "live": CLIENT.is_server_live(),
        "ready": CLIENT.is_server_ready(),
        "model": CLIENT.is_model_ready(MODEL),
        "version": CLIENT.is_model_ready(MODEL, "1"),
        "other version": refused(CLIENT.is_model_ready, MODEL, "9"),
        "other model": refused(CLIENT.is_model_ready, "trains"),
    }


def metadata():
    return {
        "server": CLIENT.get_server_metadata(as_json=True),
        "model": CLIENT.get_model_metadata(MODEL, as_json=True),
        "version": CLIENT.get_model_metadata(MODEL, "1", as_json=True),
        "other version": refused(CLIENT.get_model_metadata, MODEL, "9"),
        "other model": refused(CLIENT.get_model_metadata, "trains"),
    }


def forms():
    return {
        "default": infer(),
        "columns of one": infer(inputs(TASK.few, upright=True)),
        "narrow numbers": infer(inputs(TASK.few, hour=np.int8, weekday=np.uint16, degrees=np.float32)),
        "bytes of fixed length": infer(inputs(TASK.few, station=np.bytes_)),
        "gzip": infer(compression_algorithm="gzip"),
        "deflate": infer(compression_algorithm="deflate"),
    }


def missing():
    return infer(inputs(TASK.missing))


def many():
    return infer(inputs(TASK.many), compression_algorithm="gzip")


def requested():
    return {
        "rides": infer(outputs=outputs("rides")),
        "ids": infer(outputs=outputs("prediction_id")),
        "reversed": infer(outputs=outputs("prediction_id", "rides")),
    }


def options():
    return {
        "version": infer(model_version="1"),
        "id": infer(request_id="ride-7"),
        "parameters": infer(
            priority=1, timeout=30_000_000, client_timeout=60.0, parameters={"caller": "test"}
        ),
    }


def errors():
    shape = inputs(TASK.few)
    shape[1].set_shape([3])
    return {
        "column": refused(infer, inputs(without("degrees", degree=TASK.few["hour"]), degree=np.float64)),
        "left out": refused(infer, inputs(without("degrees"))),
        "shape": refused(infer, shape),
        "output": refused(infer, outputs=outputs("ride")),
        "version": refused(infer, model_version="9"),
        "model": refused(infer, model="bike"),
    }


def state():
    found = CLIENT.get_model_repository_index(as_json=True)["models"]
    return [found, CLIENT.is_model_ready(MODEL)]


def repository():
    told = [state()]
    CLIENT.unload_model(MODEL)
    told.append(state())
    CLIENT.load_model(MODEL)
    told.append(state())
    CLIENT.unload_model(MODEL, unload_dependents=True)
    return {
        "states": told,
        "on demand": infer(),
        "config": refused(CLIENT.load_model, MODEL, config="{}"),
        "other load": refused(CLIENT.load_model, "bike"),
        "other unload": refused(CLIENT.unload_model, "bike"),
    }


def at_once():
    heard: queue.Queue = queue.Queue()
    for one in range(8):
        CLIENT.async_infer(
            MODEL,
            inputs(TASK.few),
            lambda result, error: heard.put((result, error)),
            request_id=f"ride-{one}",
        )
    answers = [heard.get(timeout=60) for _ in range(8)]
    return [answer(result) if error is None else str(error) for result, error in answers]


def on_an_event_loop():
    async def ask():
        async with triton_aio.InferenceServerClient(TASK.grpc) as client:
            live = await client.is_server_live()
            results = await asyncio.gather(
                *(client.infer(MODEL, inputs(TASK.many), request_id=str(one)) for one in range(4))
            )
            return {"live": live, "answers": [answer(one) for one in results]}

    return asyncio.run(ask())


tell(
    {
        "health": health,
        "metadata": metadata,
        "forms": forms,
        "missing": missing,
        "many": many,
        "requested": requested,
        "options": options,
        "errors": errors,
        "repository": repository,
        "at once": at_once,
        "on an event loop": on_an_event_loop,
    }
)
