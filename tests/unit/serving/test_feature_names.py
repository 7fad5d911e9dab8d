"""The names in a signature."""

from dataclasses import replace

from keepfit.registry.signature import Feature, Kind
from keepfit.serving.feature_names import names_of


def test_names_of_a_signature(signature):
    """Its features in order, and the first category."""
    known = names_of(signature)
    assert known.names == ("miles", "zone", "hour")
    assert known.category == "zone"
    assert names_of(replace(signature, features=signature.features[:1])).category is None


def test_names_are_worked_out_once(signature):
    """However many signatures come after it, a signature is never taken for another."""
    assert names_of(signature) is names_of(signature)
    for place in range(1000):
        other = replace(signature, output=f"o{place}", features=(Feature(f"f{place}", Kind.NUMBER),))
        assert names_of(other).names == (f"f{place}",)
    assert names_of(signature).names == ("miles", "zone", "hour")
