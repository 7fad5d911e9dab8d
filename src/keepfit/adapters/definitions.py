"""Load the Python files in which users declare their models."""

import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import keepfit.definition
from keepfit.definition import Model
from keepfit.errors import DefinitionError
from keepfit.ids import did_you_mean

_UNKNOWN_WORD = re.compile(r"unexpected keyword argument '(\w+)'")


def load_definitions(root: Path, patterns: Iterable[str]) -> dict[str, Model]:
    """Every model declared in the workspace's files, by name.

    Args:
        root: the workspace.
        patterns: glob patterns below it, as in keepfit.toml.

    Raises:
        DefinitionError: a file cannot be run, or two declare the same name; says which file and line.
            Or a pattern is none.
    """
    found: dict[str, Model] = {}
    files: dict[str, Path] = {}
    for path in sorted({path for pattern in patterns for path in _files(root, pattern)}):
        for model in _models_of(path):
            if model.name in found:
                raise DefinitionError(
                    _twice(model.name, files[model.name], path), hint="a model's name is its own"
                )
            found[model.name], files[model.name] = model, path
    return found


def _files(root: Path, pattern: str) -> list[Path]:
    try:
        return [path for path in root.glob(pattern) if path.is_file()]
    except (ValueError, NotImplementedError):
        raise DefinitionError(
            f"'{pattern}' is no pattern of files below {root}",
            hint='in keepfit.toml, as in: [workspace] models = ["models/*.py"]',
        ) from None


def _twice(name: str, first: Path, second: Path) -> str:
    if first == second:
        return f"{first.name} declares model '{name}' twice"
    return f"{first.name} and {second.name} both declare model '{name}'"


def _models_of(path: Path) -> list[Model]:
    module = _run(path)
    return list({id(value): value for value in vars(module).values() if isinstance(value, Model)}.values())


def _run(path: Path) -> object:
    name = f"keepfit_workspace_{sha256(str(path.resolve()).encode()).hexdigest()[:12]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DefinitionError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        # The file at fault may be one that the model file imports.
        file = Path(error.filename).name if error.filename else path.name
        raise DefinitionError(
            f"{file}, line {error.lineno}: {error.msg}", hint=(error.text or "").strip() or None
        ) from None
    except DefinitionError as error:
        raise DefinitionError(f"{path.name}{_line(error, path)}: {error}", hint=error.hint) from None
    except (Exception, SystemExit) as error:
        raise DefinitionError(
            f"{path.name}{_line(error, path)}: {type(error).__name__}: {error}", hint=_hint(error)
        ) from error
    return module


def _hint(error: BaseException) -> str | None:
    """The word that was probably meant, where a declaration was given one that it does not know."""
    unknown = _UNKNOWN_WORD.search(str(error)) if isinstance(error, TypeError) else None
    if unknown is None:
        return None
    declarations = (
        getattr(keepfit.definition, name) for name in ("Model", "Monitor", "Release", "Retrain", "Serving")
    )
    words = {word for one in declarations for word in inspect.signature(one).parameters}
    return did_you_mean(unknown[1], words)


def _line(error: BaseException, path: Path) -> str:
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f", line {lines[-1]}" if lines else ""
