"""What may be declared of the recording of a model."""

import pytest

from keepfit.predictions.capture_policy import Capture


def test_everything_is_recorded_unless_said_otherwise():
    """As it is."""
    assert (Capture().share, Capture().masked) == (1.0, frozenset())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"share": 1.5}, "write share=0.1"),
        ({"redact": "name"}, r"write redact=\['name'\]"),
        ({"hash": "zone"}, r"write hash=\['zone'\]"),
        ({"redact": ["zone", "name"], "hash": ["zone"]}, "'zone' is redacted and hashed"),
    ],
)
def test_what_cannot_be_is_refused(wrong, said):
    """With how to write it."""
    with pytest.raises(ValueError, match=said):
        Capture(**wrong)
