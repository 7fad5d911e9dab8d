"""What the scripts are told on standard input, and how they tell what became of it: one JSON object by question."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

MODEL = "bikes"
#: The model's features, and how numpy holds each.
DTYPES = {"station": np.object_, "hour": np.int64, "weekday": np.int64, "degrees": np.float64}


@dataclass(frozen=True)
class Task:
    """Where the server is, and what it is asked: a few rows, one with a missing number, and many."""

    http: str
    grpc: str
    few: dict[str, list[Any]]
    missing: dict[str, list[Any]]
    many: dict[str, list[Any]]


def task() -> Task:
    """The task on standard input."""
    return Task(**json.load(sys.stdin))


def arrays(columns: dict[str, list[Any]], **dtypes: Any) -> dict[str, np.ndarray]:
    """Columns as arrays, of the usual types or of others; null is NaN."""
    return {name: np.array(values, {**DTYPES, **dtypes}[name]) for name, values in columns.items()}


def text(value: Any) -> str:
    """An element of a BYTES tensor, which clients give as bytes or as text."""
    return value.decode() if isinstance(value, bytes) else value


def tell(questions: dict[str, Callable[[], Any]]) -> None:
    """Ask every question, and print what came of it."""
    json.dump({name: question() for name, question in questions.items()}, sys.stdout)
