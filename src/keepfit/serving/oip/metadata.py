"""What the server and its models say of themselves."""

from collections.abc import Sequence
from typing import Any, Final

from keepfit.registry.signature import Signature
from keepfit.serving.loaded import LoadedModel
from keepfit.serving.oip.datatypes import IDS, datatype_of

#: The extensions of the protocol that are spoken; clients ask before they use one.
EXTENSIONS: Final = ("binary_tensor_data", "model_repository")


def server_metadata(version: str) -> dict[str, Any]:
    """The server's metadata.

    >>> server_metadata("1.0")
    {'name': 'keepfit', 'version': '1.0', 'extensions': ['binary_tensor_data', 'model_repository']}
    """
    return {"name": "keepfit", "version": version, "extensions": list(EXTENSIONS)}


def called(loaded: LoadedModel) -> dict[str, str | float]:
    """How a version is called, for the parameters of its metadata.

    `runtime` names it, `largest_difference` is how far its numbers were from those of the model's own method where both
    were tried, and `runtime_note` says why faster ways were not taken.
    """
    told: dict[str, str | float] = {
        "runtime": loaded.runtime,
        "largest_difference": loaded.difference,
        "runtime_note": loaded.note,
    }
    return {name: value for name, value in told.items() if value}


def metadata(model: str, signature: Signature, versions: Sequence[int]) -> dict[str, Any]:
    """The model's metadata: its features as inputs, its target and the prediction ids as outputs.

    Args:
        model: its name.
        signature: of the version that is asked about.
        versions: those that are served, or the one that is asked about.
    """
    return {
        "name": model,
        "versions": [str(number) for number in versions],
        "platform": "keepfit",
        "inputs": [_tensor(one.name, datatype_of(one)) for one in signature.features],
        "outputs": [_tensor(signature.output, "FP64"), _tensor(IDS, "BYTES")],
    }


def _tensor(name: str, datatype: str) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": [-1]}
