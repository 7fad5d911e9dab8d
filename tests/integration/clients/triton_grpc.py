"""What tritonclient[grpc] gets of a server, asked in every way that it has."""

import asyncio
import queue

import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from asked import MODEL, task, tell
from triton_questions import Questions, refused

TASK = task()
CLIENT = triton.InferenceServerClient(TASK.grpc)
ASK = Questions(
    library=triton,
    client=CLIENT,
    task=TASK,
    told=lambda result: result.get_response(as_json=True),
    is_binary=lambda tensor: "contents" not in tensor,
)


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
        "default": ASK.infer(),
        **ASK.shapes(),
        "gzip": ASK.infer(compression_algorithm="gzip"),
        "deflate": ASK.infer(compression_algorithm="deflate"),
    }


def missing():
    return ASK.infer(ASK.inputs(TASK.missing))


def many():
    return ASK.infer(ASK.inputs(TASK.many), compression_algorithm="gzip")


def options():
    return {
        "version": ASK.infer(model_version="1"),
        "id": ASK.infer(request_id="ride-7"),
        "parameters": ASK.infer(
            priority=1, timeout=30_000_000, client_timeout=60.0, parameters={"caller": "test"}
        ),
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
        "on demand": ASK.infer(),
        "config": refused(CLIENT.load_model, MODEL, config="{}"),
        "other load": refused(CLIENT.load_model, "bike"),
        "other unload": refused(CLIENT.unload_model, "bike"),
    }


def at_once():
    heard: queue.Queue = queue.Queue()
    for one in range(8):
        CLIENT.async_infer(
            MODEL,
            ASK.inputs(TASK.few),
            lambda result, error: heard.put((result, error)),
            request_id=f"ride-{one}",
        )
    answers = [heard.get(timeout=60) for _ in range(8)]
    return [ASK.answer(result) if error is None else str(error) for result, error in answers]


def on_an_event_loop():
    async def ask():
        async with triton_aio.InferenceServerClient(TASK.grpc) as client:
            live = await client.is_server_live()
            results = await asyncio.gather(
                *(client.infer(MODEL, ASK.inputs(TASK.many), request_id=str(one)) for one in range(4))
            )
            return {"live": live, "answers": [ASK.answer(one) for one in results]}

    return asyncio.run(ask())


tell(
    {
        "health": health,
        "metadata": metadata,
        "forms": forms,
        "missing": missing,
        "many": many,
        "requested": ASK.requested,
        "options": options,
        "errors": ASK.errors,
        "repository": repository,
        "at once": at_once,
        "on an event loop": on_an_event_loop,
    }
)
