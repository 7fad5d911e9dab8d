"""What KServe's own client gets of a server, in both of its protocols over HTTP."""

import asyncio

import httpx
from asked import MODEL, arrays, task, tell, text
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

TASK = task()
BASE = f"http://{TASK.http}"
DATATYPES = {"station": "BYTES", "hour": "INT64", "weekday": "INT64", "degrees": "FP64"}


def inputs(columns, *, binary):
    tensors = []
    for name, array in arrays(columns).items():
        tensors.append(InferInput(name, list(array.shape), DATATYPES[name]))
        tensors[-1].set_data_from_numpy(array, binary_data=binary)
    return tensors


def request(columns=TASK.few, *, binary=True, **how):
    return InferRequest(MODEL, inputs(columns, binary=binary), **how)


def answer(response, headers):
    rides, ids = response.get_output_by_name("rides"), response.get_output_by_name("prediction_id")
    return {
        "model": response.model_name,
        "id": response.id,
        "outputs": [one.name for one in response.outputs],
        "binary": "inference-header-content-length" in headers,
        "encoding": headers.get("content-encoding"),
        "rides": None if rides is None else rides.as_numpy().tolist(),
        "ids": None if ids is None else [text(one) for one in ids.as_numpy()],
    }


async def with_client(protocol, ask):
    async with InferenceRESTClient(RESTConfig(protocol=protocol, retries=0)) as client:
        return await ask(client)


async def refused(call):
    try:
        return {"was answered": str(await call)}
    except httpx.HTTPStatusError as error:
        return {"status": error.response.status_code, "message": str(error)}


async def version_1(client):
    names = list(TASK.few)
    rows = [list(row) for row in zip(*TASK.few.values(), strict=True)]
    records = [dict(zip(names, row, strict=True)) for row in rows]
    heard = {}
    wrong = {"instances": [{**records[0], "degree": 3.0}]}
    return {
        "live": await client.is_server_live(BASE),
        "model": await client.is_model_ready(BASE, MODEL),
        "records": await client.infer(BASE, {"instances": records}, MODEL, response_headers=heard),
        "lists": await client.infer(BASE, {"instances": rows}, MODEL),
        "media type": heard["content-type"],
        "wrong column": await refused(client.infer(BASE, wrong, MODEL)),
        "other model": await refused(client.infer(BASE, {"instances": rows}, "bike")),
        "other model's readiness": await refused(client.is_model_ready(BASE, "bike")),
    }


async def version_2(client):
    async def infer(data):
        headers = {}
        return answer(await client.infer(BASE, data, MODEL, response_headers=headers), headers)

    everything = {"binary_data_output": True}
    chosen = [RequestedOutput("prediction_id"), RequestedOutput("rides", {"binary_data": True})]
    return {
        "live": await client.is_server_live(BASE),
        "ready": await client.is_server_ready(BASE),
        "model": await client.is_model_ready(BASE, MODEL),
        "other model": await client.is_model_ready(BASE, "bike"),
        "binary": await infer(request(request_id="ride-7")),
        "JSON": await infer(request(binary=False, request_id="ride-8")),
        "binary out": await infer(request(parameters=everything, request_id="ride-9")),
        "JSON in, binary out": await infer(
            request(binary=False, parameters=everything, request_id="ride-10")
        ),
        "chosen": await infer(request(request_outputs=chosen, request_id="ride-11")),
        "dictionary": await infer(request(binary=False, request_id="ride-12").to_dict()),
        "many": await infer(request(TASK.many, parameters=everything)),
        "many, JSON": await infer(request(TASK.many, binary=False)),
        "missing": await infer(request(TASK.missing)),
        "missing, JSON": await infer(request(TASK.missing, binary=False)),
        "at once": await asyncio.gather(*(infer(request(request_id=f"ride-{one}")) for one in range(8))),
        "output": await refused(infer(request(request_outputs=[RequestedOutput("ride")]))),
        "left out": await refused(infer(request({name: TASK.few[name] for name in ("station", "hour")}))),
    }


tell(
    {
        "version 1": lambda: asyncio.run(with_client("v1", version_1)),
        "version 2": lambda: asyncio.run(with_client("v2", version_2)),
    }
)
