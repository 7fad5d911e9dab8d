"""What the server and its models say of themselves."""

from collections.abc import Sequence
from typing import Any, Final

from keepfit.registry.signature import Signature
from keepfit.serving.oip.datatypes import IDS, datatype_of

#: The extensions of the protocol that are spoken; clients ask before they use one.
EXTENSIONS: Final = ("binary_tensor_data", "model_repository")


def server_metadata(version: str) -> dict[str, Any]:
    """The server's metadata.

    >>> server_metadata("1.0")
    {'name': 'keepfit', 'version': '1.0', 'extensions': ['binary_tensor_data', 'model_repository']}
    """
    return {"name": "keepfit", "version": version, "extensions": list(EXTENSIONS)}


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
