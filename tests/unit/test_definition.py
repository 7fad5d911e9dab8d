"""What a model file may declare, and what it is told when it may not."""

import re
from datetime import timedelta

import pytest

import keepfit as kf
from keepfit.errors import DefinitionError


def declared(name="taxi-eta", **changes):
    given = {
        "task": kf.Regression(target="minutes"),
        "id": "trip_id",
        "time": "pickup_at",
        "features": ["zone", "miles"],
        "categorical": ["zone"],
        **changes,
    }
    return kf.Model(name, **given)


def test_a_model_has_policies_of_its_own_by_default():
    """Monitoring and gates are there without being asked for; nothing retrains unasked."""
    model = declared(label_delay="1d")
    assert model.label_delay == timedelta(days=1)
    assert model.monitor == kf.Monitor()
    assert model.release == kf.Release(gates=[kf.beats_champion()])
    assert model.retrain.on == ()
    assert model.notify == ()


def test_slices_that_are_no_features_travel_as_context():
    """They are asked of the source, and the model does not see them."""
    model = declared(monitor=kf.Monitor(slices=["zone", "borough"]))
    assert model.context == ("borough",)
    assert model.required_columns == ("trip_id", "pickup_at", "zone", "miles", "borough", "minutes")


def test_source_and_trainer_are_given_back_as_they_are():
    """A decorated function can still be called by its name."""
    model = declared()

    @model.source
    def rows(start, end):
        return (start, end)

    @model.trainer
    def fit(train):
        return train

    assert model.rows is rows
    assert model.fit is fit
    assert rows(1, 2) == (1, 2)


@pytest.mark.parametrize(
    ("what", "hint"),
    [
        ("rows", "@taxi_eta.source above a function (start, end)"),
        ("fit", "@taxi_eta.trainer above a function (train)"),
    ],
)
def test_what_was_not_declared_is_told_with_how_to(what, hint):
    """Only when it is needed: a model can be declared bit by bit."""
    with pytest.raises(DefinitionError, match="model 'taxi-eta' has no") as caught:
        getattr(declared(), what)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("changes", "said", "hint"),
    [
        ({"name": "Taxi ETA"}, "'Taxi ETA' cannot name a model", "as in 'taxi-eta'"),
        ({"features": []}, "has no features", "list the columns"),
        (
            {"categorical": ["zon"]},
            "categorical column 'zon' is not among its features",
            "did you mean 'zone'?",
        ),
        ({"features": ["zone", "zone"]}, "uses column 'zone' twice", "columns of their own"),
        ({"features": ["zone", "minutes"]}, "uses column 'minutes' twice", "columns of their own"),
        ({"id": "pickup_at"}, "uses column 'pickup_at' twice", "columns of their own"),
        ({"monitor": kf.Monitor(slices=["minutes"])}, "uses column 'minutes' twice", "columns of their own"),
        ({"label_delay": "1 fortnight"}, "label_delay: '1 fortnight' is not a duration", ""),
        ({"features": "miles", "categorical": ()}, "features is a list", 'features=["miles"]'),
        ({"categorical": "zone"}, "categorical is a list", 'categorical=["zone"]'),
        ({"notify": "log://"}, "notify is a list", 'notify=["log://"]'),
        (
            {"task": kf.Regression(target="minutes", metric="maee")},
            "a regression has no metric 'maee'",
            "'mae'?",
        ),
        (
            {"task": kf.Classification(target="late", metric="mae")},
            "a classification has no metric 'mae'",
            "there are: brier, error_rate, log_loss",
        ),
        (
            {"task": kf.Regression(target="minutes", metric="pinball")},
            "'pinball' needs a number: write pinball@0.9",
            "",
        ),
        (
            {"task": kf.Regression(target="minutes", metric="pinball@2")},
            "a number between 0 and 1, as in pinball@0.9",
            "",
        ),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_declared(changes, said, hint):
    """The message names the model and the column, the hint what to write instead."""
    with pytest.raises(DefinitionError) as caught:
        declared(**changes)
    assert said in str(caught.value)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse", "mape", "pinball@0.9", "pinball@0.05"])
def test_a_regression_may_be_judged_by_any_of_its_metrics(metric):
    """A quantile by its own loss."""
    assert declared(task=kf.Regression(target="minutes", metric=metric)).task.metric == metric


def test_a_model_says_what_it_is():
    """In a traceback or at a prompt."""
    assert repr(declared()) == "Model('taxi-eta', 2 features, target 'minutes')"


def test_what_is_recorded_can_be_declared():
    """Features and context are redacted, texts and the id are hashed."""
    policy = kf.Capture(redact=["miles"], hash=["trip_id", "borough"])
    model = declared(
        id="trip_id",
        features=["miles"],
        categorical=[],
        monitor=kf.Monitor(slices=["borough"]),
        capture=policy,
    )
    assert model.capture is policy
    assert declared().capture == kf.Capture()


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (kf.Capture(redact=["trip_id"]), "cannot redact 'trip_id', the id"),
        (kf.Capture(hash=["miles"]), "cannot hash 'miles', a number"),
        (kf.Capture(redact=["milse"]), "cannot redact 'milse', which is no column"),
    ],
)
def test_what_cannot_be_masked_is_refused(policy, said):
    """With the reason."""
    with pytest.raises(DefinitionError, match=said):
        declared(id="trip_id", features=["miles"], categorical=[], capture=policy)


def test_context_that_callers_send_is_not_asked_of_the_source():
    """It is recorded beside the slices, once."""
    monitor = kf.Monitor(slices=["zone", "borough"])
    model = declared(context=["customer_id", "borough"], monitor=monitor)
    assert model.context == ("borough", "customer_id")
    assert model.required_columns == ("trip_id", "pickup_at", "zone", "miles", "borough", "minutes")
    assert declared(context=["customer_id"], capture=kf.Capture(hash=["customer_id"])).context == (
        "customer_id",
    )


@pytest.mark.parametrize("by", ["zone", "miles", "borough", "customer_id"])
def test_a_canary_can_be_split_by_whatever_is_recorded(by):
    """A feature, a slice, or a column that only callers send."""
    monitor = kf.Monitor(slices=["borough"])
    model = declared(context=["customer_id"], monitor=monitor, release=kf.Release(split_by=by))
    assert model.release.split_by == by


@pytest.mark.parametrize(
    ("by", "said", "hint"),
    [
        (
            "custmer_id",
            "'custmer_id' is neither a feature nor a context column",
            "did you mean 'customer_id'?",
        ),
        ("mile", "split_by 'mile' is neither", "did you mean 'miles'?"),
        ("session", "split_by 'session' is neither", "context=['session']"),
        ("trip_id", "a canary goes by the id 'trip_id' anyway", "leave split_by out"),
        ("pickup_at", "cannot be split by 'pickup_at', the time", "split_by='customer_id'"),
        ("minutes", "cannot be split by 'minutes', the target", "split_by='customer_id'"),
    ],
)
def test_a_canary_cannot_be_split_by_anything_else(by, said, hint):
    """A slip would have it go by the id, and nobody would see."""
    with pytest.raises(DefinitionError, match=re.escape(said)) as caught:
        declared(context=["customer_id"], release=kf.Release(split_by=by))
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize("name", ["zone", "trip_id", "pickup_at", "minutes"])
def test_context_is_no_other_column(name):
    """A column is one thing."""
    with pytest.raises(DefinitionError, match=f"uses column '{name}' twice"):
        declared(context=[name])
