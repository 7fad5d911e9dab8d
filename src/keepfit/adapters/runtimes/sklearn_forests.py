"""Ensembles of trees of scikit-learn, as a forest: gradient boosting of both kinds, random forests, extra trees, trees."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from keepfit.adapters.runtimes.forest import Forest, Tree
from keepfit.adapters.runtimes.runtime import Matrix, Runtime
from keepfit.registry.output import MatrixPredict
from keepfit.registry.signature import Feature, Kind, Signature

_NAME: Final = "scikit-learn forest"
_NO_BITSETS: Final = np.zeros((0, 8), dtype=np.uint32)


def forest_runtime(model: Any, signature: Signature) -> Runtime | None:
    """The model as a forest; None when it is no ensemble of trees.

    Raises:
        Exception: of any kind, where the model is one that is built otherwise than known.
    """
    make = _MAKERS.get(type(model).__name__) if type(model).__module__.startswith("sklearn.") else None
    if make is None:
        return None
    return Runtime(_NAME, make(model, signature))


def _histogram(model: Any, signature: Signature) -> MatrixPredict:
    trees = [Tree(one.nodes, one.raw_left_cat_bitsets) for (one,) in model._predictors]  # noqa: SLF001 - see first_equal
    forest = Forest(trees, len(signature.features), float(model._baseline_prediction.item()))  # noqa: SLF001
    finish = _linked(model, signature)
    order = _ordinals(model, signature)
    if order is None:
        return lambda matrix: finish(forest.sums(matrix))
    return lambda matrix: finish(forest.sums(order(matrix)))


def _gradient(model: Any, signature: Signature) -> MatrixPredict:
    if not type(model.init_).__name__.startswith("Dummy"):
        raise TypeError("it starts from another model")
    start = float(model._raw_predict_init(np.zeros((1, len(signature.features)))).item())  # noqa: SLF001
    trees = [
        _converted(one.tree_, one.tree_.value[:, 0, 0] * model.learning_rate) for (one,) in model.estimators_
    ]
    forest = Forest(trees, len(signature.features), start)
    finish = _linked(model, signature)
    return lambda matrix: finish(forest.sums(_single(matrix)))


def _averaged(model: Any, signature: Signature) -> MatrixPredict:
    trees = [_converted(one.tree_, _leaves(one, signature)) for one in model.estimators_]
    forest = Forest(trees, len(signature.features), 0.0)
    n = len(trees)
    return lambda matrix: forest.sums(_single(matrix)) / n


def _tree(model: Any, signature: Signature) -> MatrixPredict:
    forest = Forest([_converted(model.tree_, _leaves(model, signature))], len(signature.features), 0.0)
    return lambda matrix: forest.sums(_single(matrix))


_MAKERS: Final[dict[str, Callable[[Any, Signature], MatrixPredict]]] = {
    "HistGradientBoostingRegressor": _histogram,
    "HistGradientBoostingClassifier": _histogram,
    "GradientBoostingRegressor": _gradient,
    "GradientBoostingClassifier": _gradient,
    "RandomForestRegressor": _averaged,
    "RandomForestClassifier": _averaged,
    "ExtraTreesRegressor": _averaged,
    "ExtraTreesClassifier": _averaged,
    "DecisionTreeRegressor": _tree,
    "DecisionTreeClassifier": _tree,
}


def _linked(model: Any, signature: Signature) -> MatrixPredict:
    """From the sum of leaves to the prediction, by the model's own loss."""
    if signature.probability:
        proba = model._loss.predict_proba  # noqa: SLF001
        return lambda sums: proba(sums)[:, 1]
    if hasattr(model, "classes_"):
        raise TypeError("its classes are asked for")
    link = getattr(model._loss, "link", None)  # noqa: SLF001
    return link.inverse if link is not None else lambda sums: sums


def _leaves(tree: Any, signature: Signature) -> npt.NDArray[np.float64]:
    if not signature.probability and hasattr(tree, "classes_"):
        raise TypeError("its classes are asked for")
    values: npt.NDArray[np.float64] = tree.tree_.value[:, 0, 1 if signature.probability else 0]
    return values


def _converted(tree: Any, leaves: npt.NDArray[np.float64]) -> Tree:
    """A tree of `sklearn.tree` in the other form; both send `value <= threshold` to the left."""
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    nodes = np.zeros(tree.node_count, dtype=PREDICTOR_RECORD_DTYPE)
    nodes["is_leaf"] = tree.children_left < 0
    for name, values in (
        ("left", tree.children_left),
        ("right", tree.children_right),
        ("feature_idx", tree.feature),
        ("num_threshold", tree.threshold),
    ):
        nodes[name] = np.where(nodes["is_leaf"], 0, values)
    nodes["missing_go_to_left"] = tree.missing_go_to_left
    nodes["value"] = leaves
    return Tree(nodes, _NO_BITSETS)


def _single(matrix: Matrix) -> Matrix:
    """The numbers as these trees see them, which they hold in 32 bits."""
    return matrix.astype(np.float32).astype(np.float64)


def _ordinals(model: Any, signature: Signature) -> Callable[[Matrix], Matrix] | None:
    """From the signature's codes to the model's own, and to the order of columns that it puts them in; None for the same.

    The model moves its categories to the front and numbers the values that it saw.
    """
    preprocessor = getattr(model, "_preprocessor", None)
    if preprocessor is None:
        return None
    mask = np.asarray(model.is_categorical_)
    places = np.flatnonzero(mask)
    tables = [
        _table(signature.features[place], known)
        for place, known in zip(places, preprocessor.named_transformers_["encoder"].categories_, strict=True)
    ]
    order = np.concatenate([places, np.flatnonzero(~mask)])
    same_order = bool((order == np.arange(len(order))).all())
    if all((table[:-1] == np.arange(len(table) - 1)).all() for table in tables):
        return None if same_order else lambda matrix: matrix[:, order]

    def ordinals(matrix: Matrix) -> Matrix:
        ordered = matrix[:, order]
        for place, table in enumerate(tables):
            codes = ordered[:, place]
            ordered[:, place] = table[np.where(np.isnan(codes), -1, codes).astype(np.intp)]
        return ordered

    return ordinals


def _table(feature: Feature, known: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """For each code of the signature the model's, NaN for what it did not see, and at the end for what is missing."""
    if feature.kind is not Kind.CATEGORY:
        raise TypeError(f"it takes the number '{feature.name}' for a category")
    ordinal = {value: float(place) for place, value in enumerate(known.tolist())}
    return np.array([*(ordinal.get(value, np.nan) for value in feature.categories), np.nan])
