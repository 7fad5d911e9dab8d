"""What KServe's own client gets of a server over gRPC."""

import asyncio

import grpc
from asked import MODEL, arrays, task, tell, text
from kserve import InferenceGRPCClient, InferInput, InferRequest

TASK = task()
DATATYPES = {"station": "BYTES", "hour": "INT64", "weekday": "INT64", "degrees": "FP64"}


def request(columns, *, binary=True, **how):
    tensors = []
    for name, array in arrays(columns).items():
        tensors.append(InferInput(name, list(array.shape), DATATYPES[name]))
        tensors[-1].set_data_from_numpy(array, binary_data=binary)
    return InferRequest(MODEL, tensors, **how)


def answer(response):
    return {
        "model": response.model_name,
        "id": response.id,
        "outputs": [one.name for one in response.outputs],
        "rides": response.get_output_by_name("rides").as_numpy().tolist(),
        "ids": [text(one) for one in response.get_output_by_name("prediction_id").as_numpy()],
    }


async def asked():
    async with InferenceGRPCClient(TASK.grpc, retries=0) as client:
        left_out = request({"station": TASK.few["station"]})
        try:
            refused = {"was answered": str(await client.infer(left_out))}
        except grpc.RpcError as error:
            refused = {"status": error.code().name, "message": error.details()}
        return {
            "live": await client.is_server_live(),
            "ready": await client.is_server_ready(),
            "model": await client.is_model_ready(MODEL),
            "raw": answer(await client.infer(request(TASK.few, request_id="ride-7"))),
            "contents": answer(await client.infer(request(TASK.few, binary=False, request_id="ride-8"))),
            "left out": refused,
        }


tell({"grpc": lambda: asyncio.run(asked())})
