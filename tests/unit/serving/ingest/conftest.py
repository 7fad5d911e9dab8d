"""A taxi model, a classifier, and what other servers write of them."""

import pytest

from keepfit.registry.signature import Feature, Kind, Signature


@pytest.fixture
def taxi():
    """Two numbers and a category; a slice that is no feature."""
    return Signature(
        features=(
            Feature("miles", Kind.NUMBER),
            Feature("zone", Kind.CATEGORY, text=True, categories=("A", "B")),
            Feature("hour", Kind.NUMBER, integral=True),
        ),
        id="trip",
        time="at",
        context=("borough",),
        output="minutes",
    )


@pytest.fixture
def churn():
    """A classifier of two numbers."""
    return Signature(
        features=(Feature("age", Kind.NUMBER), Feature("spend", Kind.NUMBER)),
        id="customer",
        time="at",
        context=(),
        output="churned",
        probability=True,
    )
