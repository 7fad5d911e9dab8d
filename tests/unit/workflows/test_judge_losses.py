"""What the losses of a champion are held against; `test_check_model` shows what comes of it."""

import pytest

from keepfit.retraining.policy import Retrain, decay
from keepfit.workflows.judge_losses import expected_loss


def test_the_expectation_is_that_of_the_first_champion_or_what_was_declared(released, make_world):
    """A release never loosens it; a declared root is squared, as the losses are."""
    held_out = released.registry.artifacts["taxi@1"].held_out.labelled
    assert expected_loss(released.ports, released.model) == held_out
    declared = make_world({"retrain": Retrain(on=[decay(expected=2.5)])})
    assert expected_loss(declared.ports, declared.model).mean == pytest.approx(2.5)
