"""docs/serving.md says what is so."""

import ast
import json
import re
import shutil
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from keepfit.app.container import MODEL_FOLDERS, PORT_VARIABLE
from keepfit.app.recording import close_logs
from keepfit.cli.application import application
from keepfit.clock import parse_duration
from keepfit.config import ServingSection, with_environment
from keepfit.predictions.spool import share_at
from keepfit.serving.request import MAX_ROWS
from keepfit.sizes import say_size
from keepfit.web.asgi import MAX_BODY_BYTES
from keepfit.web.batcher import INLINE_S, Limits
from keepfit.web.front import STOP_S
from keepfit.web.grpc.descriptor import SERVICE
from keepfit.web.message import Request
from keepfit.web.restarts import MOST_FAILED_STARTS
from keepfit.web.routes import find
from keepfit.web.worker import STOP_MARGIN_S

PAGE = (Path(__file__).parent.parent.parent / "docs" / "serving.md").read_text(encoding="utf-8")
WORDS = " ".join(PAGE.split())
#: Everything that the page names a command of keepfit, for which it shows options.
COMMANDS = (["serve"], ["drain"], ["ingest", "sagemaker"], ["ingest", "ground-truth"])
BIKES = {"hour_id": "park-4", "station": "park", "hour": 17, "weekday": 5, "degrees": 21.5}


def blocks(language):
    """The blocks of the page in one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_code_of_the_page_runs(trained, monkeypatch):
    """Every block, as a reader would type it, in the workspace that it is about."""
    monkeypatch.chdir(trained.root)
    names: dict[str, object] = {}
    try:
        for block in blocks("python"):
            exec(compile(block, "serving.md", "exec"), names)  # noqa: S102 - our own page
    finally:
        close_logs()
    assert names["taxi"].serving.fallback == "previous"
    assert names["trips"].capture.share == 0.1
    assert names["taxi"].label_source(None, datetime(2026, 1, 31, tzinfo=UTC)).height == 1
    assert names["ids"] == ["park-9"]
    assert trained("drain", "--once", "--json").json["stored"] == 1


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_requests_of_the_page_are_answered(trained):
    """By the server of the example model, without an error; what is seen of it then is what the page says."""
    trained.edit('# access_log = "off"', 'access_log = "all"', file="keepfit.toml")
    trained.edit('# access_log_file = ""', 'access_log_file = "access.jsonl"', file="keepfit.toml")
    pl.DataFrame([BIKES]).write_parquet(trained.root / "rows.parquet")
    with trained.running("serve", "--port", "0") as server:
        address = re.search(r"serving on (\S+)", server.said).group(1)
        for block in blocks("sh"):
            script = block.replace("localhost:8080", address).replace("curl ", "curl -sS --fail-with-body ")
            done = subprocess.run(
                ["bash", "-ec", f"set -o pipefail\n{script}"],
                cwd=trained.root,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (block, done.stdout, done.stderr)
        metrics = subprocess.run(
            ["curl", "-sS", f"{address}/metrics"], capture_output=True, text=True, check=True
        ).stdout
    for name in set(re.findall(r"`(keepfit_\w+)`", PAGE)):
        assert name in metrics, name
    (example,) = blocks("json")
    lines = (trained.root / "access.jsonl").read_text(encoding="utf-8").splitlines()
    asked = next(one for one in map(json.loads, lines) if one.get("request_id") == "noon-1")
    # curl sends no trace context.
    assert [*asked] == [name for name in json.loads(example) if name not in {"trace_id", "span_id"}]


def test_the_options_of_the_page_are_options():
    """And those that containers use are aliases of them."""
    helps = [
        CliRunner().invoke(application, [*command, "--help"], env={"COLUMNS": "200"}).output
        for command in COMMANDS
    ]
    text = re.sub(r"```sh\n.*?```", "", PAGE, flags=re.DOTALL)
    for option in set(re.findall(r"--[a-z][a-z_]+", text)):
        assert any(option in shown for shown in helps), option
    assert "KEEPFIT_SPOOL" in helps[0]
    assert "KEEPFIT_SPOOL" in PAGE


def test_the_paths_of_the_page_are_answered():
    """Each is a route of the method that the page names."""
    named = re.findall(r"`(GET|POST) (/[^`]*)`", PAGE)
    assert len(named) > 8
    for method, path in named:
        find(Request(method=method, path=path))  # raises when there is none


def test_the_table_of_settings_is_that_of_the_code():
    """Every setting, in the order of keepfit.toml's section, with its default."""
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", PAGE.partition("## Settings")[2], flags=re.MULTILINE)
    defaults = {name: field.default for name, field in ServingSection.model_fields.items()}
    assert {name for name, _ in rows} == set(defaults)
    assert len(rows) == len(defaults)
    for name, said in rows:
        default = say_size(defaults[name]) if name in {"spool_limit", "body_limit"} else defaults[name]
        assert ast.literal_eval({"true": "True", "false": "False"}.get(said, said)) == default, name


def test_the_settings_and_figures_of_the_page_are_those_of_the_code():
    """Names of settings, folders and variables; seconds, counts and sizes."""
    for setting in re.findall(r"`(\w+) = (?:\d+|\"\w+\"|true)`", PAGE):
        assert setting in ServingSection.model_fields, setting
    defaults, limits = ServingSection(), Limits()
    assert (defaults.batch_rows, defaults.queue_rows) == (limits.batch_rows, limits.waiting_rows)
    assert (defaults.body_limit, defaults.request_rows) == (MAX_BODY_BYTES, MAX_ROWS)
    assert parse_duration(defaults.timeout).total_seconds() == limits.timeout_s
    assert parse_duration(defaults.stop_timeout).total_seconds() == STOP_S
    for words in (
        *map(str, MODEL_FOLDERS),
        PORT_VARIABLE,
        SERVICE,
        f"for {STOP_S:g} seconds (`stop_timeout`)",
        f"what is left {STOP_MARGIN_S:g} seconds after that",
        f"up to {limits.batch_rows:,} rows",
        f"when {limits.waiting_rows:,} rows of a model wait",
        f"longer than {limits.timeout_s:g} seconds",
        f"less than {INLINE_S * 1000:g} ms",
        f"more than {MAX_BODY_BYTES >> 20} MiB",
        f"at most {MAX_ROWS:,} rows",
    ):
        assert words in WORDS, words
    assert (share_at(0.79), share_at(0.80), share_at(0.85)) == (1.0, 0.5, 0.25)
    assert MOST_FAILED_STARTS == 5
    assert "dies five times before it serves" in WORDS


def test_the_variables_of_the_page_are_settings():
    """Each line of the table says the same twice."""
    rows = re.findall(r"^\| `(\w+ = [^`]+)` \| `(\w+)=([^`]+)` \|", PAGE, flags=re.MULTILINE)
    assert len(rows) == 5
    for toml, variable, text in rows:
        told = ServingSection.model_validate(tomllib.loads(toml))
        assert with_environment(ServingSection(), {variable: text}) == told, variable
        assert told != ServingSection()
