"""What tritonclient[http] gets of a server, asked in every way that it has."""

import asyncio
import contextlib
import io

import numpy as np
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from asked import MODEL, task, tell
from triton_questions import Questions, refused

TASK = task()
CLIENT = triton.InferenceServerClient(TASK.http, concurrency=4)
ASK = Questions(
    library=triton,
    client=CLIENT,
    task=TASK,
    told=lambda result: result.get_response(),
    is_binary=lambda tensor: "binary_data_size" in tensor.get("parameters", {}),
)
AS_JSON = {"binary_data": False}


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
    as_json, few = ASK.inputs(TASK.few, sent=AS_JSON), ASK.inputs(TASK.few)
    some, outputs = few[:2] + as_json[2:], ASK.outputs
    return {
        "binary in, default out": ASK.infer(),
        "JSON in, default out": ASK.infer(as_json),
        "binary in, binary out": ASK.infer(few, outputs=outputs(*both)),
        "JSON in, binary out": ASK.infer(as_json, outputs=outputs(*both)),
        "binary in, JSON out": ASK.infer(few, outputs=outputs(*both, **AS_JSON)),
        "JSON in, JSON out": ASK.infer(as_json, outputs=outputs(*both, **AS_JSON)),
        "mixed in, mixed out": ASK.infer(
            some, outputs=outputs("rides") + outputs("prediction_id", **AS_JSON)
        ),
        **ASK.shapes(),
    }


def missing():
    as_json = ASK.inputs(TASK.missing, sent=AS_JSON)
    return {"binary": ASK.infer(ASK.inputs(TASK.missing)), "JSON": ASK.infer(as_json)}


def options():
    return {
        "version": ASK.infer(model_version="1"),
        "id": ASK.infer(request_id="ride-7"),
        "parameters": ASK.infer(priority=1, timeout=30_000_000, parameters={"caller": "test", "hot": True}),
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
        **ASK.answer(result),
        "sent": f"'Content-Encoding': '{asked}'" in sent,
        "received": f"'content-encoding': '{wanted}'" in received,
    }


def compression():
    return {
        f"{form}, {asked} in, {wanted} out": compressed(
            ASK.inputs(TASK.many, sent={"binary_data": form == "binary"}), asked, wanted
        )
        for form in ("binary", "JSON")
        for asked in ("gzip", "deflate")
        for wanted in ("gzip", "deflate")
    }


def errors():
    shared = ASK.inputs(TASK.few)
    shared[3].set_shared_memory("region", 32)
    return {
        **ASK.errors(),
        "type": refused(ASK.infer, ASK.inputs(TASK.few, degrees=np.object_, hour=np.object_)),
        "shared memory": refused(ASK.infer, shared),
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
        "on demand": ASK.infer(),
        "config": refused(CLIENT.load_model, MODEL, config="{}"),
        "other load": refused(CLIENT.load_model, "bike"),
        "other unload": refused(CLIENT.unload_model, "bike"),
    }


def at_once():
    few = ASK.inputs(TASK.few)
    started = [CLIENT.async_infer(MODEL, few, request_id=f"ride-{one}") for one in range(8)]
    return [ASK.answer(one.get_result(timeout=60)) for one in started]


def on_an_event_loop():
    async def ask():
        async with triton_aio.InferenceServerClient(TASK.http) as client:
            live = await client.is_server_live()
            told = await client.get_model_metadata(MODEL, "1")
            how = {"request_compression_algorithm": "gzip", "response_compression_algorithm": "gzip"}
            results = await asyncio.gather(
                *(client.infer(MODEL, ASK.inputs(TASK.many), request_id=str(one), **how) for one in range(4))
            )
            answers = [ASK.answer(one) for one in results]
            return {"live": live, "versions": told["versions"], "answers": answers}

    return asyncio.run(ask())


tell(
    {
        "health": health,
        "metadata": metadata,
        "forms": forms,
        "missing": missing,
        "requested": ASK.requested,
        "options": options,
        "compression": compression,
        "errors": errors,
        "repository": repository,
        "at once": at_once,
        "on an event loop": on_an_event_loop,
    }
)
