"""What the methods of GRPCInferenceService answer: requests are read as HTTP's are, and put in the same batches."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from time import perf_counter_ns
from typing import Any, Final, TypeVar

from keepfit.serving import oip
from keepfit.serving.batch import Asked
from keepfit.serving.dataplane import DataPlane
from keepfit.serving.held import AsleepError
from keepfit.serving.oip import OipRequest
from keepfit.serving.refusals import NotReadyError
from keepfit.serving.result import InferenceResult
from keepfit.web.batcher import Batcher
from keepfit.web.calls import version_of
from keepfit.web.grpc.descriptor import message
from keepfit.web.grpc.reply import write
from keepfit.web.grpc.request import ModelInferRequest, parsed, read
from keepfit.web.message import Reply
from keepfit.web.routes import GENERATION_HEADER
from keepfit.web.statuses import TooLargeError

#: Longer messages are read in a thread, and answers with more rows are written there: on the event loop others would wait.
_LONG_MESSAGE: Final = 64 << 10
_LONG_ANSWER: Final = 4_096
_VERSION_HERE: Final = installed_version("keepfit")
_MEDIA_TYPE: Final = "application/grpc+proto"

_Named: Final = message("ModelMetadataRequest")
_Index: Final = message("RepositoryIndexRequest")
#: Loading and unloading are asked for in the same fields.
_Change: Final = message("RepositoryModelLoadRequest")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of a caller.

    Attributes:
        remaining_s: how long it will wait; None for as long as the server lets it.
        parts: the model and the version that it asks for, once its message was read.
    """

    remaining_s: float | None
    parts: dict[str, str]


#: A method: of the message's bytes and its caller, the reply, whose body is a message too.
Method = Callable[[bytes, Caller], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The methods on a data plane.

    Attributes:
        plane: what answers.
        batcher: where requests wait for their turn; HTTP's, so that both share batches.
        threads: where long messages are read and long answers written.
        patience_s: how long a model that was unloaded may take to come back.
        max_message_bytes: longer messages are refused; of compressed ones what they become counts.
    """

    plane: DataPlane
    batcher: Batcher
    threads: Executor
    patience_s: float
    max_message_bytes: int

    def methods(self) -> Mapping[str, Method]:
        """Every method by name. They raise what `DataPlane.infer` does, and RequestError for what is no message."""
        return {
            "ServerLive": self._server_live,
            "ServerReady": self._server_ready,
            "ServerMetadata": self._server_metadata,
            "ModelReady": self._model_ready,
            "ModelMetadata": self._model_metadata,
            "ModelInfer": self._model_infer,
            "RepositoryIndex": self._index,
            "RepositoryModelLoad": self._load,
            "RepositoryModelUnload": self._unload,
        }

    async def _server_live(self, _body: bytes, _caller: Caller) -> Reply:
        return _reply("ServerLiveResponse", {"live": True})

    async def _server_ready(self, _body: bytes, _caller: Caller) -> Reply:
        return _reply("ServerReadyResponse", {"ready": self.plane.is_ready()})

    async def _server_metadata(self, _body: bytes, _caller: Caller) -> Reply:
        return _reply("ServerMetadataResponse", oip.server_metadata(_VERSION_HERE))

    async def _model_ready(self, body: bytes, caller: Caller) -> Reply:
        model, version = _named(body, caller)
        try:
            self.plane.check_ready(model, version)
        except NotReadyError:
            return _reply("ModelReadyResponse", {"ready": False})
        return _reply("ModelReadyResponse", {"ready": True})

    async def _model_metadata(self, body: bytes, caller: Caller) -> Reply:
        model, version = _named(body, caller)
        signature, versions = await self._awake(lambda: self._signature(model, version), caller)
        told = oip.metadata(model, signature, versions if version is None else [version])
        headers = {GENERATION_HEADER: str(self.plane.generation(model))}
        return _reply("ModelMetadataResponse", told, headers)

    async def _signature(self, model: str, version: int | None) -> Any:
        return self.plane.signature(model, version)

    async def _index(self, body: bytes, _caller: Caller) -> Reply:
        ready = parsed(_Index, body).ready
        return _reply("RepositoryIndexResponse", {"models": oip.index(self.plane.index(), ready=ready)})

    async def _load(self, body: bytes, caller: Caller) -> Reply:
        model = _changed(body, caller)
        await asyncio.to_thread(self.plane.load, model)
        return _reply("RepositoryModelLoadResponse", {"model_name": model, "isLoaded": True})

    async def _unload(self, body: bytes, caller: Caller) -> Reply:
        model = _changed(body, caller)
        await asyncio.to_thread(self.plane.unload, model)
        return _reply("RepositoryModelUnloadResponse", {"model_name": model, "isUnloaded": True})

    async def _model_infer(self, body: bytes, caller: Caller) -> Reply:
        self._check_size(len(body))
        if len(body) <= _LONG_MESSAGE:
            question = await self._awake(lambda: self._read(body, caller), caller)
        else:
            question = await self._awake(lambda: self._in_thread(lambda: self._ask(body, caller)), caller)
        result = await self.batcher.submit(
            question.asked, timeout_s=_shorter(question.request.timeout_us, caller.remaining_s)
        )
        if len(result.ids) <= _LONG_ANSWER:
            return self._encoded(question, result)
        return await self._in_thread(lambda: self._encoded(question, result))

    def _encoded(self, question: "_Question", result: InferenceResult) -> Reply:
        began = perf_counter_ns()
        reply = question.answer(result)
        self.plane.telemetry.encoded(result.model, result.versions[0], perf_counter_ns() - began)
        return reply

    async def _read(self, body: bytes, caller: Caller) -> "_Question":
        return self._ask(body, caller)

    def _ask(self, body: bytes, caller: Caller) -> "_Question":
        told = parsed(ModelInferRequest, body)
        version = _version(told.model_name, told.model_version, caller)
        self.plane.generation(told.model_name)  # that a model is unknown is told before anything else
        request = read(told)
        asked = self.plane.ask(told.model_name, request.payload, request_id=request.id, version=version)
        return _Question(request, asked, bool(told.raw_input_contents))

    async def _awake(self, work: Callable[[], Awaitable[_T]], caller: Caller) -> _T:
        """Do it, once more when the model had been unloaded and has to be loaded again."""
        try:
            return await work()
        except AsleepError as error:
            patience = self.patience_s if caller.remaining_s is None else caller.remaining_s
            # A caller that goes away must not take the loading with it: others wait for the same.
            loading = asyncio.shield(asyncio.wrap_future(error.loading))
            await asyncio.wait_for(loading, min(patience, self.patience_s))
            return await work()

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)

    def _check_size(self, size: int) -> None:
        if size > self.max_message_bytes:
            raise TooLargeError(
                f"the message is longer than {self.max_message_bytes:,} bytes", hint="send smaller batches"
            )


@dataclass(frozen=True, slots=True)
class _Question:
    """A request that waits for its turn."""

    request: OipRequest
    asked: Asked
    raw: bool

    def answer(self, result: InferenceResult) -> Reply:
        body = write(result, self.request.outputs, raw=self.raw)
        return Reply(body=body, media_type=_MEDIA_TYPE, result=result)


def _named(body: bytes, caller: Caller) -> tuple[str, int | None]:
    told = parsed(_Named, body)
    return told.name, _version(told.name, told.version, caller)


def _changed(body: bytes, caller: Caller) -> str:
    """The model that is to be loaded or unloaded; KServe's clients name it in the first field."""
    told = parsed(_Change, body)
    oip.check_parameters(told.parameters)
    model = caller.parts["model"] = str(told.model_name or told.repository_name)
    return model


def _version(model: str, version: str, caller: Caller) -> int | None:
    caller.parts["model"] = model
    if not version:
        return None
    caller.parts["version"] = version
    return version_of(caller.parts)


def _reply(kind: str, told: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    body = message(kind)(**told).SerializeToString()
    return Reply(body=body, media_type=_MEDIA_TYPE, headers=headers or {})


def _shorter(timeout_us: int | None, remaining_s: float | None) -> float | None:
    if timeout_us is None:
        return remaining_s
    return timeout_us / 1e6 if remaining_s is None else min(timeout_us / 1e6, remaining_s)
