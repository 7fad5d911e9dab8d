"""What servers record of each model, as its file declares it, without running the files at each start."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from keepfit.adapters.definitions import load_definitions
from keepfit.config import STATE_FOLDER, Config
from keepfit.predictions.capture_policy import Capture

_FILE: Final = "capture.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturePolicy:
    """What is recorded of a model.

    Attributes:
        capture: the policy of its definition.
        id_column: the column that its prediction ids come from.
    """

    capture: Capture
    id_column: str


def capture_policies(root: Path, config: Config) -> Mapping[str, CapturePolicy]:
    """The policy of each declared model, by name.

    Model files are run only when one of them changed since they were run last: what they said is kept in .keepfit. A policy
    that a model file imports from elsewhere is seen once a model file itself changes.

    Raises:
        DefinitionError: a model file cannot be run; a server must not guess what it may write down.
    """
    digest = _digest(path for pattern in config.workspace.models for path in root.glob(pattern))
    path = root / STATE_FOLDER / _FILE
    known = _known(path, digest)
    if known is not None:
        return known
    models = load_definitions(root, config.workspace.models)
    policies = {
        name: CapturePolicy(capture=model.capture, id_column=model.id) for name, model in models.items()
    }
    _keep(path, digest, policies)
    return policies


def _digest(paths: Iterable[Path]) -> str:
    digest = blake2b(digest_size=16)
    for path in sorted(paths):
        digest.update(f"{path}\n{path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _known(path: Path, digest: str) -> dict[str, CapturePolicy] | None:
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    if kept.get("digest") != digest:
        return None
    return {
        name: CapturePolicy(capture=Capture(**one["capture"]), id_column=one["id"])
        for name, one in kept["models"].items()
    }


def _keep(path: Path, digest: str, policies: Mapping[str, CapturePolicy]) -> None:
    models = {
        name: {
            "capture": {
                "share": one.capture.share,
                "redact": list(one.capture.redact),
                "hash": list(one.capture.hash),
            },
            "id": one.id_column,
        }
        for name, one in policies.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"digest": digest, "models": models}), encoding="utf-8")
    part.replace(path)
