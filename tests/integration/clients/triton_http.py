"""What tritonclient[http] gets of a server, asked in every way that it has."""

import asyncio
import contextlib
import io

import numpy as np
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from asked import MODEL, arrays, task, tell, text
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

TASK = task()
CLIENT = triton.InferenceServerClient(TASK.http, concurrency=4)


def inputs(columns, *, binary=True, upright=False, **dtypes):
    tensors = []
    for name, values in arrays(columns, **dtypes).items():
        array = values.reshape(-1, 1) if upright else values
        tensors.append(triton.InferInput(name, array.shape, np_to_triton_dtype(array.dtype)))
        tensors[-1].set_data_from_numpy(array, binary_data=binary)
    return tensors


def outputs(*names, binary=True):
    return [triton.InferRequestedOutput(name, binary_data=binary) for name in names]


def answer(result):
    told = result.get_response()
    rides, ids = result.as_numpy("rides"), result.as_numpy("prediction_id")
    return {
        "model": told["model_name"],
        "version": told["model_version"],
        "id": told["id"],
        "outputs": [one["name"] for one in told["outputs"]],
        "binary": ["binary_data_size" in one.get("parameters", {}) for one in told["outputs"]],
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
        "other version": CLIENT.is_model_ready(MODEL, "9"),
        "other model": CLIENT.is_model_ready("trains"),
    }


def metadata():
    return {
        "server": CLIENT.get_server_metadata(),
        "model": CLIENT.get_model_metadata(MODEL),
        "version": CLIENT.get_model_metadata(MODEL, "1"),
        "other version": refused(CLIENT.get_model_metadata, MODEL, "9"),
        "other model": refused(CLIENT.get_model_metadata, "trains"),
    }


def forms():
    both = ("rides", "prediction_id")
    as_json, few = inputs(TASK.few, binary=False), inputs(TASK.few)
    return {
        "binary in, default out": infer(),
        "JSON in, default out": infer(as_json),
        "binary in, binary out": infer(few, outputs=outputs(*both)),
        "JSON in, binary out": infer(as_json, outputs=outputs(*both)),
        "binary in, JSON out": infer(few, outputs=outputs(*both, binary=False)),
        "JSON in, JSON out": infer(as_json, outputs=outputs(*both, binary=False)),
        "mixed in, mixed out": infer(
            few[:2] + as_json[2:], outputs=outputs("rides") + outputs("prediction_id", binary=False)
        ),
        "columns of one": infer(inputs(TASK.few, upright=True)),
        "narrow numbers": infer(inputs(TASK.few, hour=np.int8, weekday=np.uint16, degrees=np.float32)),
        "bytes of fixed length": infer(inputs(TASK.few, station=np.bytes_)),
    }


def missing():
    return {"binary": infer(inputs(TASK.missing)), "JSON": infer(inputs(TASK.missing, binary=False))}


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
        "parameters": infer(priority=1, timeout=30_000_000, parameters={"caller": "test", "hot": True}),
    }


def compressed(tensors, asked, wanted):
    """The answer, and which encodings the headers of both ways told."""
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard):
        talkative = triton.InferenceServerClient(TASK.http, verbose=True)
        result = talkative.infer(
            MODEL, tensors, request_compression_algorithm=asked, response_compression_algorithm=wanted
        )
    sent, received = heard.getvalue().split("<HTTPSocketPoolResponse")
    return {
        **answer(result),
        "sent": f"'Content-Encoding': '{asked}'" in sent,
        "received": f"'content-encoding': '{wanted}'" in received,
    }


def compression():
    return {
        f"{form}, {asked} in, {wanted} out": compressed(
            inputs(TASK.many, binary=form == "binary"), asked, wanted
        )
        for form in ("binary", "JSON")
        for asked in ("gzip", "deflate")
        for wanted in ("gzip", "deflate")
    }


def errors():
    shape = inputs(TASK.few)
    shape[1].set_shape([3])
    shared = inputs(TASK.few)
    shared[3].set_shared_memory("region", 32)
    return {
        "column": refused(infer, inputs(without("degrees", degree=TASK.few["hour"]), degree=np.float64)),
        "left out": refused(infer, inputs(without("degrees"))),
        "type": refused(infer, inputs(TASK.few, degrees=np.object_, hour=np.object_)),
        "shape": refused(infer, shape),
        "shared memory": refused(infer, shared),
        "output": refused(infer, outputs=outputs("ride")),
        "version": refused(infer, model_version="9"),
        "model": refused(infer, model="bike"),
    }


def state():
    found = CLIENT.get_model_repository_index()
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
    started = [CLIENT.async_infer(MODEL, inputs(TASK.few), request_id=f"ride-{one}") for one in range(8)]
    return [answer(one.get_result(timeout=60)) for one in started]


def on_an_event_loop():
    async def ask():
        async with triton_aio.InferenceServerClient(TASK.http) as client:
            live = await client.is_server_live()
            told = await client.get_model_metadata(MODEL, "1")
            how = {"request_compression_algorithm": "gzip", "response_compression_algorithm": "gzip"}
            results = await asyncio.gather(
                *(client.infer(MODEL, inputs(TASK.many), request_id=str(one), **how) for one in range(4))
            )
            return {"live": live, "versions": told["versions"], "answers": [answer(one) for one in results]}

    return asyncio.run(ask())


tell(
    {
        "health": health,
        "metadata": metadata,
        "forms": forms,
        "missing": missing,
        "requested": requested,
        "options": options,
        "compression": compression,
        "errors": errors,
        "repository": repository,
        "at once": at_once,
        "on an event loop": on_an_event_loop,
    }
)
