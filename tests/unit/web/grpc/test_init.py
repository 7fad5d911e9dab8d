"""The extra, and its absence."""

import sys

import pytest

from keepfit.errors import ConfigError
from keepfit.web.grpc import open_grpc


@pytest.mark.parametrize("missing", ["grpc", "google.protobuf"])
def test_what_is_not_installed_is_said(monkeypatch, missing):
    """With what to install."""
    for name in [one for one in sys.modules if one.startswith(("keepfit.web.grpc.", "google.protobuf."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConfigError, match=r"\[serving\] grpc_port: \S+ is not installed") as caught:
        open_grpc(
            None,
            batcher=None,
            threads=None,
            observer=None,
            host="127.0.0.1",
            port=0,
            patience_s=1.0,
            max_message_bytes=1,
        )
    assert caught.value.hint == "pip install 'keepfit[grpc]'"
