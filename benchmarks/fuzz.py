"""Can a request break the server? Twenty thousand that no client should send, mutated from valid ones.

    python benchmarks/fuzz.py [--requests 20000] [--seed 1] [--only NUMBER] [--quick] [--json | --markdown]

Bodies of every protocol (Open Inference Protocol in JSON and binary, MLflow's forms and CSV, KServe v1, labels) are changed as
documents, as bytes and in their headers, see `mutations.py`. Promised: no 5xx but a 503 that says when to come again, every
error as `{"error": "…"}`, no connection lost, the server alive; every fiftieth request is a valid one, whose answer must be the model's own.
What breaks a promise is kept in `.bench/fuzz/`, to be sent again with `--only`.
"""

import sys
import tempfile
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import bodies
import orjson
from bodies import oip
from forests import FEATURES, Forest, forest
from load.closed_loop import Request, run
from load.server import Server, end_with_servers
from load.wire import Reply
from mutations import Sent, mutated
from report import Table, Target, options, progress, publish
from workspaces import workspace

from data import HOME

_EVERY: Final = 50
_CONNECTIONS: Final = 8
_LONGEST_S: Final = 1_800.0
_SHOWN: Final = 12
#: What the HTTP parser below the application answers to what is no HTTP; the only error that is not JSON.
_NO_HTTP: Final = b"Invalid HTTP request received."


class Fuzz:
    """Mutated requests in their order, each answer judged."""

    def __init__(self, held: Forest, seed: int, numbers: range) -> None:
        self.statuses: Counter[str] = Counter()
        self.broken: list[str] = []
        self.no_http = 0
        self.sent = 0
        self._seed, self._numbers = seed, iter(numbers)
        self._valid = valid_requests(held)
        self._plain = oip(held.kind).requests(held.pool)
        self._check = oip(held.kind).check(held.expected)

    def next(self) -> Request | None:
        """A mutated one; each fiftieth is valid, under a negative key."""
        self.sent += 1
        if self.sent % _EVERY == 0:
            chosen = self._plain[self.sent % len(self._plain)]
            return Request(chosen.wire, -1 - chosen.key)
        number = next(self._numbers, None)
        return None if number is None else Request(self.made(number).wire(), number)

    def made(self, number: int) -> Sent:
        """A request by its number."""
        return mutated(self._valid, self._seed, number)

    def answered(self, request: Request, reply: Reply, began: float, ended: float) -> bool:  # noqa: ARG002
        """Whether the promises are kept."""
        if request.key < 0:
            right = reply.status == 200 and self._check(-1 - request.key, reply)
            return right or self._is_broken(
                request, f"a valid request is answered {reply.status}", reply.body
            )
        self.statuses[str(reply.status)] += 1
        if reply.status == 400 and reply.body == _NO_HTTP:
            self.no_http += 1
            return True
        problem = _problem(reply, self.made(request.key).method)
        return not problem or self._is_broken(request, problem, reply.body)

    def lost(self, request: Request) -> None:
        """A connection may end after an answer, not before."""
        self._is_broken(request, "no answer", b"")

    def _is_broken(self, request: Request, problem: str, body: bytes) -> bool:
        how = self.made(request.key).how if request.key >= 0 else "valid"
        self.broken.append(f"{request.key} ({how}): {problem} {body[:160]!r}")
        folder = HOME / "fuzz"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self._seed}-{request.key}.http").write_bytes(request.wire)
        return False


def _problem(reply: Reply, method: str) -> str:
    if reply.status >= 500 and not (reply.status == 503 and reply.header("retry-after")):
        return f"status {reply.status}"
    if reply.status < 400 or method == "HEAD":
        return ""
    try:
        read = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return f"an error of status {reply.status} that is no JSON"
    said = read.get("error") if isinstance(read, dict) else None
    return "" if isinstance(said, str) and said else f"an error of status {reply.status} without its shape"


def valid_requests(held: Forest) -> Sequence[Sent]:
    """One of each protocol and form; all of them are answered with 200."""
    model, rows = held.kind, held.pool[:3]
    json = {"content-type": "application/json"}
    infer = f"/v2/models/{model}/infer"
    raw, length = bodies.binary(rows)
    split = {"dataframe_split": {"columns": list(FEATURES), "data": rows.tolist()}}
    csv = "\n".join([",".join(FEATURES), *(",".join(map(str, row)) for row in rows.tolist())]).encode()
    columns = {name: rows[:, place].tolist() for place, name in enumerate(FEATURES)}
    chosen = orjson.loads(bodies.tensor(rows)) | {
        "id": "a",
        "outputs": [{"name": "y"}],
        "parameters": {"p": 1},
    }
    labels = {"labels": [{"id": "a", "value": 1.5}, {"id": "b", "value": 2, "time": "2026-01-01T00:00:00Z"}]}
    binary_out = orjson.loads(bodies.tensor(rows)) | {"parameters": {"binary_data_output": True}}
    return (
        Sent(path=infer, headers=json, body=bodies.tensor(rows), how="tensor"),
        Sent(path=infer, headers=json, body=bodies.columns(rows, ["a", "b", "c"]), how="columns"),
        Sent(path=infer, headers=json, body=orjson.dumps(chosen), how="outputs"),
        Sent(
            path=f"/v2/models/{model}/versions/1/infer", headers=json, body=bodies.tensor(rows), how="version"
        ),
        Sent(path=infer, headers=json, body=orjson.dumps(binary_out), how="binary out"),
        Sent(
            path=infer,
            headers={
                "content-type": "application/octet-stream",
                "inference-header-content-length": str(length),
            },
            body=raw,
            how="binary",
        ),
        Sent(path="/invocations", headers=json, body=bodies.records(rows, ["a", "b", "c"]), how="records"),
        Sent(path="/invocations", headers=json, body=orjson.dumps(split), how="split"),
        Sent(path="/invocations", headers=json, body=bodies.instances(rows), how="instances"),
        Sent(path="/invocations", headers=json, body=orjson.dumps({"inputs": columns}), how="inputs"),
        Sent(path="/invocations", headers={"content-type": "text/csv"}, body=csv, how="csv"),
        Sent(path=f"/v1/models/{model}:predict", headers=json, body=bodies.instances(rows), how="v1"),
        Sent(path=f"/v2/models/{model}/labels", headers=json, body=orjson.dumps(labels), how="labels"),
        Sent(method="GET", path=f"/v2/models/{model}", how="metadata"),
    )


def main() -> int:
    """Send, judge, print."""
    parser = options(str(__doc__).split("\n", 1)[0], peers=False)
    parser.add_argument("--requests", type=int, default=0, help="how many (20000; quick: 2000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other requests")
    parser.add_argument("--only", type=int, help="one request by its number, and its answer")
    asked = parser.parse_args()
    end_with_servers()
    count = asked.requests or (2_000 if asked.quick else 20_000)
    numbers = range(count) if asked.only is None else range(asked.only, asked.only + 1)
    HOME.mkdir(exist_ok=True)
    log = HOME / "log/fuzz.log"
    log.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        held = forest("hgb")
        progress("training the workspace …")
        made = workspace(Path(folder), held)
        with Server(made.serving(log)) as server:
            refused = _not_valid(server, held)
            fuzz = Fuzz(held, asked.seed, numbers)
            progress(f"{count:,} requests …")
            found = run(server.address, fuzz, connections=_CONNECTIONS, seconds=_LONGEST_S)
            alive = server.alive()
    traces = log.read_text(encoding="utf-8", errors="replace").count("Traceback (most recent call last)")
    return _publish(asked, fuzz, refused, answered=found.answered, alive=alive, traces=traces)


def _not_valid(server: Server, held: Forest) -> list[str]:
    """Of the requests that are mutated those that are refused as they are: mutating them would show less."""
    valid = valid_requests(held)
    refused: list[str] = []

    class Once:
        """Each once."""

        def __init__(self) -> None:
            self._left = list(range(len(valid)))

        def next(self) -> Request | None:
            """The next."""
            place = self._left.pop() if self._left else None
            return None if place is None else Request(valid[place].wire(), place)

        def answered(self, request: Request, reply: Reply, began: float, ended: float) -> bool:  # noqa: ARG002
            """Keep what was not 200."""
            if reply.status != 200:
                refused.append(f"{valid[request.key].how}: {reply.status} {reply.body[:120]!r}")
            return True

        def lost(self, request: Request) -> None:
            """As bad as refused."""
            refused.append(f"{valid[request.key].how}: no answer")

    run(server.address, Once(), connections=1, seconds=60)
    return refused


def _publish(
    asked: Namespace, fuzz: Fuzz, refused: Sequence[str], *, answered: int, alive: bool, traces: int
) -> int:
    table = Table(
        title="Requests that no client should send",
        head=("status", "answers"),
        rows=[
            *((status, f"{count:,}") for status, count in sorted(fuzz.statuses.items())),
            ("refused below the application: no HTTP", f"{fuzz.no_http:,}"),
        ],
        notes=[*fuzz.broken[:_SHOWN], *(f"not valid to begin with: {one}" for one in refused)],
    )
    targets = [
        Target(
            says="no 5xx, every error in its shape, no connection lost",
            measured=f"{len(fuzz.broken)} of {answered:,} are not so",
            met=not fuzz.broken,
        ),
        Target(says="the server lives", measured="it does" if alive else "it ended", met=alive),
        Target(says="no traceback in its log", measured=str(traces), met=traces == 0),
        Target(says="what is mutated was valid", measured=f"{len(refused)} were not", met=not refused),
    ]
    measured = {
        "seed": asked.seed,
        "answered": answered,
        "statuses": dict(fuzz.statuses),
        "broken": fuzz.broken,
        "refused": list(refused),
        "no_http": fuzz.no_http,
        "tracebacks": traces,
    }
    return publish(asked, [table], targets, measured)


if __name__ == "__main__":
    sys.exit(main())
