"""What a model takes and gives, read off its rows."""

import polars as pl

from keepfit.evaluation.task import Classification, Regression
from keepfit.registry.signature import Feature, Kind
from keepfit.training.signature import MAX_CATEGORIES, signature_of


def of(frame, *, categorical=(), task=None, context=()):
    return signature_of(
        frame,
        features=tuple(frame.columns),
        categorical=categorical,
        id="trip",
        time="at",
        context=context,
        task=task or Regression(target="minutes"),
    )


def test_numbers_are_whole_or_not_by_their_type():
    """Booleans count as whole numbers: the wire's type follows from it."""
    frame = pl.DataFrame({"miles": [1.0], "hour": [3], "late": [True]})
    assert of(frame).features == (
        Feature("miles", Kind.NUMBER, integral=False),
        Feature("hour", Kind.NUMBER, integral=True),
        Feature("late", Kind.NUMBER, integral=True),
    )


def test_categories_are_the_values_that_were_seen_in_order():
    """Text as text, whole numbers as numbers; null is no category."""
    frame = pl.DataFrame({"zone": ["b", "a", None, "b"], "code": [9, 10, None, 2]})
    assert of(frame, categorical=("zone", "code")).features == (
        Feature("zone", Kind.CATEGORY, text=True, categories=("a", "b")),
        Feature("code", Kind.CATEGORY, text=False, categories=(2, 9, 10)),
    )


def test_text_is_a_category_even_undeclared():
    """There is nothing else that it could be."""
    (feature,) = of(pl.DataFrame({"zone": ["a"]})).features
    assert (feature.kind, feature.text, feature.categories) == (Kind.CATEGORY, True, ("a",))


def test_the_rarest_of_too_many_categories_are_left_out():
    """Many libraries take 255 at most; of equally rare ones the order of their names decides."""
    values = [f"z{i:03}" for i in range(300)] + ["z299"] * 5
    (feature,) = of(pl.DataFrame({"zone": values})).features
    assert len(feature.categories) == MAX_CATEGORIES
    assert feature.categories == (*(f"z{i:03}" for i in range(MAX_CATEGORIES - 1)), "z299")


def test_what_travels_along_is_named():
    """Id, time, context and output; a classification gives a probability."""
    frame = pl.DataFrame({"miles": [1.0]})
    found = of(frame, context=("borough",))
    assert (found.id, found.time, found.context, found.output, found.probability) == (
        "trip",
        "at",
        ("borough",),
        "minutes",
        False,
    )
    assert of(frame, task=Classification(target="late")).probability


def test_the_features_keep_their_order():
    """The model is given them as they were declared."""
    frame = pl.DataFrame({"b": [1], "a": ["x"], "c": [0.5]})
    assert of(frame).feature_names == ("b", "a", "c")
