"""A model as its user declares it: where its rows come from, how it is trained, watched, retrained and released."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from keepfit.clock import parse_duration
from keepfit.errors import DefinitionError
from keepfit.evaluation.task import Regression, Task
from keepfit.ids import did_you_mean, is_name
from keepfit.monitoring.policy import Monitor
from keepfit.predictions.capture_policy import Capture
from keepfit.release.fallback import Serving
from keepfit.release.policy import Release
from keepfit.retraining.policy import Retrain

if TYPE_CHECKING:
    from keepfit.monitoring.detector import Detector

#: (start, end) → labelled rows whose event lies in [start, end): any Polars, pandas or Arrow frame.
Source = Callable[[datetime, datetime], Any]
#: training set → fitted estimator with `predict` (and `predict_proba` for a classification).
Trainer = Callable[[Any], Any]


class Model:
    """A model in production, declared once.

    Args:
        name: lower-case letters, digits, dots, hyphens and underscores; part of its URL.
        task: `Regression(target=…)` or `Classification(target=…)`.
        id: the column that names a prediction, so that its label finds it.
        time: the column that says when the event was.
        features: the columns that the model is given, in order.
        categorical: those of them that are categories.
        context: further columns that callers may send: they are recorded, and the model is not given them.
        label_delay: how long after the event its label usually comes; training never looks nearer than this.
        monitor, retrain, release, serving: the policies.
        capture: what is recorded of its predictions; everything, unless it says otherwise.
        notify: where incidents are sent, as Apprise URLs.

    Raises:
        DefinitionError: what is declared cannot be.

    >>> from keepfit.evaluation.task import Regression
    >>> eta = Model("eta", task=Regression(target="minutes"), id="trip", time="at", features=["miles"])
    >>> eta.required_columns
    ('trip', 'at', 'miles', 'minutes')
    """

    def __init__(
        self,
        name: str,
        *,
        task: Task,
        id: str,  # noqa: A002 - the word that a reader of the model file expects
        time: str,
        features: list[str] | tuple[str, ...],
        categorical: list[str] | tuple[str, ...] = (),
        context: list[str] | tuple[str, ...] = (),
        label_delay: str | timedelta = "0s",
        monitor: Monitor | None = None,
        retrain: Retrain | None = None,
        release: Release | None = None,
        capture: Capture | None = None,
        serving: Serving | None = None,
        notify: list[str] | tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.task = task
        self.id = id
        self.time = time
        self.features = _listed(name, "features", features)
        self.categorical = _listed(name, "categorical", categorical)
        self._context = _listed(name, "context", context)
        self.label_delay = _duration(name, "label_delay", label_delay)
        self.monitor = monitor or Monitor()
        self.retrain = retrain or Retrain()
        self.release = release or Release()
        self.capture = capture or Capture()
        self.serving = serving or Serving()
        self.notify = _listed(name, "notify", notify)
        self._source: Source | None = None
        self._trainer: Trainer | None = None
        #: Where labels are asked for; None when whoever has them brings them.
        self.label_source: Source | None = None
        self.detectors: dict[str, Detector] = {}
        self._validate()

    def source(self, function: Source) -> Source:
        """Declare where labelled rows come from: a function of (start, end), both aware UTC datetimes."""
        self._source = function
        return function

    def trainer(self, function: Trainer) -> Trainer:
        """Declare how the model is trained: a function of a training set with `X`, `y` and `frame`."""
        self._trainer = function
        return function

    def labels(self, function: Source) -> Source:
        """Declare where labels come from: a function of (start, end) of events, both aware UTC datetimes.

        It gives a frame with the id column (or `prediction_id`), the target (or `label`; null where it is not known yet), and perhaps
        `label_time`, when it became known. The controller asks for the windows whose labels are not complete, again
        and again until they are: what it gives twice counts once, another value for the same id is a correction.
        """
        self.label_source = function
        return function

    def detector(self, function: "Detector") -> "Detector":
        """Declare a check of one's own: a function of the profiles of the reference and of a window, giving signals.

        It is named after the function, and run on every window beside keepfit's own checks. See
        `keepfit.monitoring.detector`.
        """
        name = str(getattr(function, "__name__", type(function).__name__))
        if name in self.detectors:
            raise DefinitionError(
                f"model '{self.name}' has a detector '{name}' already", hint="give the function another name"
            )
        self.detectors[name] = function
        return function

    @property
    def rows(self) -> Source:
        """The declared source. Raises DefinitionError when there is none."""
        if self._source is None:
            raise DefinitionError(
                f"model '{self.name}' has no source",
                hint=f"put @{_variable(self.name)}.source above a function (start, end) that returns labelled rows",
            )
        return self._source

    @property
    def fit(self) -> Trainer:
        """The declared trainer. Raises DefinitionError when there is none."""
        if self._trainer is None:
            raise DefinitionError(
                f"model '{self.name}' has no trainer",
                hint=f"put @{_variable(self.name)}.trainer above a function (train) that returns a fitted estimator",
            )
        return self._trainer

    @property
    def context(self) -> tuple[str, ...]:
        """Columns that are recorded though the model is not given them: slices that are no features, and what was declared."""
        return tuple(dict.fromkeys((*self._sliced, *self._context)))

    @property
    def _sliced(self) -> tuple[str, ...]:
        return tuple(name for name in self.monitor.slices if name not in self.features)

    @property
    def required_columns(self) -> tuple[str, ...]:
        """What every row of the source must hold; other context only comes with requests."""
        return (self.id, self.time, *self.features, *self._sliced, self.task.target)

    def _validate(self) -> None:
        if not is_name(self.name):
            raise DefinitionError(
                f"'{self.name}' cannot name a model",
                hint="use lower-case letters, digits, dots, hyphens and underscores, as in 'taxi-eta'",
            )
        self._validate_metric()
        self._validate_capture()
        if not self.features:
            raise DefinitionError(
                f"model '{self.name}' has no features", hint="list the columns that it is given"
            )
        for name in self.categorical:
            if name not in self.features:
                raise DefinitionError(
                    f"model '{self.name}': categorical column '{name}' is not among its features",
                    hint=did_you_mean(name, self.features),
                )
        used = (self.id, self.time, *self.features, *self.context, self.task.target)
        twice = {name for name in used if used.count(name) > 1}
        if twice:
            raise DefinitionError(
                f"model '{self.name}' uses column '{min(twice)}' twice",
                hint="id, time, target, context and each feature are columns of their own",
            )
        self._validate_split()

    def _validate_split(self) -> None:
        by, known = self.release.split_by, (*self.features, *self.context)
        if by is None or by in known:
            return
        if by == self.id:
            raise DefinitionError(
                f"model '{self.name}': a canary goes by the id '{by}' anyway", hint="leave split_by out"
            )
        if by in (self.time, self.task.target):
            raise DefinitionError(
                f"model '{self.name}': a canary cannot be split by '{by}', the {'time' if by == self.time else 'target'}",
                hint="name a column that stays the same, as in split_by='customer_id'",
            )
        raise DefinitionError(
            f"model '{self.name}': split_by '{by}' is neither a feature nor a context column",
            hint=f"{did_you_mean(by, known)}\na column that only callers send is declared: context=['{by}']",
        )

    def _validate_metric(self) -> None:
        from keepfit.evaluation.losses import find_loss, metrics_for, split_metric
        from keepfit.evaluation.own_losses import own_loss

        regression, metric = isinstance(self.task, Regression), str(self.task.metric)
        task, kind = ("regression", "regression") if regression else ("binary", "classification")
        known = metrics_for("regression" if regression else "binary")
        own = own_loss(metric)
        if metric.partition("@")[0] not in {split_metric(one)[0] for one in known} and (
            own is None or own.task != task
        ):
            raise DefinitionError(
                f"model '{self.name}': a {kind} has no metric '{metric}'",
                hint=f"{did_you_mean(metric, known)}\none of your own is declared before the model: "
                f"@kf.metric('{metric}', task='{task}')",
            )
        try:
            find_loss(metric)
        except ValueError as error:
            raise DefinitionError(f"model '{self.name}': {error}") from None

    def _validate_capture(self) -> None:
        recorded = (*self.features, *self.context)
        texts = (self.id, *self.categorical, *self.context)
        for what, names, allowed in (
            ("redact", self.capture.redact, recorded),
            ("hash", self.capture.hash, texts),
        ):
            for name in names:
                if name in allowed:
                    continue
                raise DefinitionError(
                    f"model '{self.name}': capture cannot {what} '{name}', {self._why_not(name)}",
                    hint=did_you_mean(name, allowed),
                )

    def _why_not(self, name: str) -> str:
        if name == self.id:
            return "the id, without which no label finds its prediction: hash it instead"
        if name in self.features:
            return "a number, whose hash is none: redact it, or declare it as categorical"
        return "which is no column that is recorded"

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {len(self.features)} features, target {self.task.target!r})"


def _variable(name: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in name)


def _listed(model: str, what: str, values: Iterable[str]) -> tuple[str, ...]:
    if isinstance(values, str):
        # A string is a sequence of letters: each of them would count as a name.
        raise DefinitionError(f"model '{model}': {what} is a list", hint=f'write {what}=["{values}"]')
    return tuple(values)


def _duration(model: str, what: str, text: str | timedelta) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise DefinitionError(f"model '{model}': {what}: {error}") from None
