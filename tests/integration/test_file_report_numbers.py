"""Every number of a report on two files, worked out a second time from the rows; one that is not fails here."""

import datetime as dt
import re
from dataclasses import fields, is_dataclass
from functools import cache
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import report_findings as checks
import report_metrics as metrics
from report_columns import column_numbers
from report_numbers import columns_of, norm_of
from report_rows import CASES, DAY, HOUR
from scipy import stats

from keepfit.clock import parse_time
from keepfit.report.figures import drawn
from keepfit.workflows.check_files import check_files
from keepfit.workflows.prepare_files import FilesToCheck

NOW = parse_time("2024-05-01T10:00")
#: The only numbers that no test works out, and why.
GIVEN = {
    r"made_at": "the moment that the caller gave",
    r"keepfit": "the version of the package",
    r"settings\.(min_rows|false_alarms|drift|quality)": "the policy that the user gave",
    r"settings\.tolerance": "a constant of the command",
}
TOLERANCE = 0.1


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """The name of a pair of files → the report on it, made once."""

    @cache
    def report_on(name):
        reference, current, asked = CASES[name]
        folder = tmp_path_factory.mktemp("files")
        reference.write_parquet(folder / "reference.parquet")
        current.write_parquet(folder / "current.parquet")
        files = {"reference": folder / "reference.parquet", "current": folder / "current.parquet"}
        return check_files(FilesToCheck(**files, **asked), now=NOW)

    return report_on


@pytest.fixture(scope="module")
def every(checked):
    """The reports on all pairs of files."""
    return [checked(name) for name in CASES]


@pytest.fixture(scope="module", params=CASES)
def case(request, checked):
    """Two files, the report on them, and what their rows say of it."""
    reference, current, asked = CASES[request.param]
    report, frames = checked(request.param), {"reference": reference, "current": current}
    asked = {name: asked.get(name) for name in ("time", "id", "target", "prediction", "fresh")}
    found = SimpleNamespace(frames=frames, report=report, asked=asked, **_blocks(frames, asked, report))
    found.columns = columns_of(frames, {asked["time"], asked["id"]}, found.numbers)
    values = {value for one in report.columns if one.bars for value in one.bars.values}
    found.names = sorted({*found.columns, *values}, key=len, reverse=True)
    found.told = told(found)
    return found


def _blocks(frames, asked, report):
    """The reference's blocks of time, and the window that the current rows lie in."""
    length = {"day": DAY, "hour": HOUR, "": None}[report.settings.block]
    if length is None:
        return {
            "length": None,
            "numbers": np.zeros(frames["reference"].height, int),
            "starts": [],
            "at": None,
        }
    seconds = [frames[side][asked["time"]].dt.epoch("s").to_numpy() for side in ("reference", "current")]
    numbers, mine = (one // int(length.total_seconds()) for one in seconds)
    start = lambda number: dt.datetime(1970, 1, 1) + int(number) * length  # noqa: DTZ001, E731
    at = start(mine[0]) if mine[0] == mine[-1] else None
    return {
        "length": length,
        "numbers": numbers,
        "starts": [start(one) for one in np.unique(numbers)],
        "at": at,
    }


def leaves(value, path=""):
    """Every number of a report, and every text in which there is one, by its path."""
    if is_dataclass(value):
        parts = [(f"{path}.{one.name}".lstrip("."), getattr(value, one.name)) for one in fields(value)]
    elif isinstance(value, dict):
        parts = [(f"{path}[{name}]", one) for name, one in value.items()]
    elif isinstance(value, tuple):
        parts = [(f"{path}[{i}]", one) for i, one in enumerate(value)]
    else:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        text = isinstance(value, str) and any(one.isdigit() for one in value)
        return {path: value} if number or text or isinstance(value, dt.datetime) else {}
    return {where: leaf for name, part in parts for where, leaf in leaves(part, name).items()}


class Words(list):
    """The numbers that a text may hold; shares are per cent. What is said of columns and values is no number."""


def told(case):
    """Path → the number that the rows give, or the numbers that a text may hold."""
    columns = case.columns
    findings = _findings(case, columns)
    found = _facts(case, columns, findings)
    for i, one in enumerate(case.report.columns):
        found |= {
            f"columns[{i}].{path}": value for path, value in column_numbers(columns[one.name], one).items()
        }
        types = [str(case.frames[side][one.name].dtype) for side in ("reference", "current")]
        found |= {f"columns[{i}].why": f"its type is {types[0]}"}
        found |= {f"columns[{i}].types[{j}]": dtype for j, dtype in enumerate(types)}
    for i, one in enumerate(case.report.findings):
        mine = findings.pop((one.check, one.subject))
        for name in ("value", "expected", "threshold", "p", "n"):
            found[f"findings[{i}].{name}"] = getattr(mine, name)
        assert one.alarms == mine.alarm, one
        chance = [] if mine.p is None else [max(mine.p, 1e-4)]
        found[f"findings[{i}].says"] = Words([*mine.facts, *chance])
        for j, column in enumerate(case.report.columns):
            if column.says == one.says and column.name == one.subject:
                found[f"columns[{j}].says"] = found[f"findings[{i}].says"]
    assert not findings, f"the report lacks {list(findings)}"
    return found | _performance(case, columns)


def _facts(case, columns, findings):
    """The head of the report."""
    frames = case.frames
    rows = [frames[side].height for side in ("reference", "current")]
    alarming = {subject for (_, subject), one in findings.items() if one.alarm}
    pairs = sum(" ~ " in one for one in alarming)
    changed = len(alarming & columns.keys())
    found = {
        "compared": len(columns),
        "changed": changed,
        "says": Words([changed, len(columns), pairs, *rows]),
        "settings.blocks": len(case.starts),
    }
    for side, n in zip(("reference", "current"), rows, strict=True):
        found |= {f"{side}.rows": n, f"{side}.columns": frames[side].width}
    return found


def _findings(case, columns):
    """(check, subject) → its numbers, of every check that these files ask for."""
    rows = [case.frames[side].height for side in ("reference", "current")]
    width = case.frames["reference"].width
    found = {
        ("traffic", "rows"): checks.Told(rows[1], 100, 100, None, rows[1], [rows[1], 100]),
        ("schema", "columns"): checks.Told(0.0, 0.0, 1.0, None, 0, [width]),
    }
    found |= _of_roles(case, rows)
    if rows[1] < checks.LEAST_ROWS:
        return found
    pairs = {("correlation", name): one for name, one in checks.correlations(columns).items()}
    for temporal in (False, True):
        # Times are judged apart from all else, and of what is found of them only the nulls are told.
        mine = _of_columns(case, {name: c for name, c in columns.items() if c.temporal == temporal}) | pairs
        checks.judge([one for one in mine.values() if one.p is not None])
        found = {key: one for key, one in mine.items() if not temporal or key[0] == "nulls"} | found
    return found


def _of_columns(case, columns):
    found = {}
    for name, c in columns.items():
        norm = norm_of(c, case.starts, case.at, case.length, checks.RATE / len(columns))
        found["nulls", name] = checks.nulls(c)
        found["drift", name] = checks.drift(c, norm, checks.RATE / len(columns))
        found["new value", name] = checks.new_values(c)
        found["constant", name] = checks.constant(c)
        if c.number:
            found["range", name] = checks.out_of_range(c)
            found["unit", name] = checks.unit(c)
    return {key: one for key, one in found.items() if one is not None}


def _of_roles(case, rows):
    """Duplicates, freshness and performance."""
    found = {}
    if case.asked["id"]:
        again = [
            len(x) - len(set(x))
            for x in (case.frames[s][case.asked["id"]].to_list() for s in ("reference", "current"))
        ]
        share, expected = again[1] / rows[1], again[0] / rows[0]
        p = checks.rise(again[1], rows[1], again[0], rows[0])
        facts = [*again, *rows, 100 * share]
        alarm = share >= expected + 0.001 and (p < 1e-4 or (again[1] > 1 and not again[0]))
        found["duplicates", case.asked["id"]] = checks.Told(
            share, expected, expected + 0.001, p, rows[1], facts, alarm=alarm
        )
    if case.asked["fresh"]:
        newest = case.frames["current"][case.asked["time"]].max()
        age = (NOW.replace(tzinfo=None) - newest).total_seconds()
        limit = case.asked["fresh"].total_seconds()
        clock = [newest.year, newest.month, newest.day, newest.hour, newest.minute]
        found["freshness", case.asked["time"]] = checks.Told(
            age, 0.0, limit, None, 0, [*clock, limit / 86_400], alarm=age > limit
        )
    if case.asked["target"]:
        name, losses = _losses(case)[:2]
        was, now = losses
        mean, low, high = metrics.mean(now)
        limit = (1 + TOLERANCE) * was.mean()
        facts = [mean, max(0.0, low), high, now.size, was.mean(), limit, checks.LEAST_ROWS]
        error = np.hypot(stats.sem(now), (1 + TOLERANCE) * stats.sem(was))
        alarm = now.size >= checks.LEAST_ROWS and stats.norm.cdf((mean - limit) / error) >= 0.95
        found["performance", name] = checks.Told(mean, was.mean(), limit, None, now.size, facts, alarm=alarm)
    return found


def _losses(case):
    """The metric that is judged, the losses of both files, and every metric of both."""
    sides = [case.frames[side] for side in ("reference", "current")]
    kept = [frame.drop_nulls([case.asked["target"], case.asked["prediction"]]) for frame in sides]
    pairs = [[frame[case.asked[role]].to_numpy() for role in ("target", "prediction")] for frame in kept]
    if pairs[0][0].dtype == object:
        return "error_rate", [(y != p) * 1.0 for y, p in pairs], [metrics.multiclass(y, p) for y, p in pairs]
    pairs = [[one.astype(float) for one in pair] for pair in pairs]
    y, p = pairs[0]
    if set(y) != {0.0, 1.0}:
        return "mae", [np.abs(p - y) for y, p in pairs], [metrics.regression(y, p) for y, p in pairs]
    decided = set(p) <= {0.0, 1.0}
    every = [metrics.binary(*pair, metrics.score_cells(p), decided) for pair in pairs]
    if decided:
        return "error_rate", [np.abs(p - y) for y, p in pairs], every
    return "log_loss", [-np.log(np.where(y == 1, p, 1 - p)) for y, p in pairs], every


def _performance(case, columns):
    """Metrics with their intervals and changes, and the worst slices."""
    if not case.asked["target"]:
        return {}
    report = case.report.performance
    _, losses, (was, now) = _losses(case)
    found = {
        f"performance.rows.{side}": x.size for side, x in zip(("reference", "current"), losses, strict=True)
    }
    assert {one.name for one in report.metrics} == was.keys()
    for i, one in enumerate(report.metrics):
        found[f"performance.metrics[{i}].name"] = one.name
        for side, values in (("reference", was[one.name]), ("current", now[one.name])):
            found |= {
                f"performance.metrics[{i}].{part}.{side}": x
                for part, x in zip(("value", "low", "high"), values, strict=True)
            }
        gap = metrics.change(was[one.name], now[one.name])
        names = ("change", "change_low", "change_high")
        found |= {f"performance.metrics[{i}].{name}": x for name, x in zip(names, gap, strict=True)}
    roles = {case.asked["target"], case.asked["prediction"]}
    there = [
        case.frames[side].select(pl.all_horizontal(pl.col(list(roles)).is_not_null())).to_series()
        for side in ("reference", "current")
    ]
    slices = metrics.worst_slices(_cut(columns, there, roles), losses)
    assert len(slices) == len(report.slices)
    for i, one in enumerate(slices):
        found |= {
            f"performance.slices[{i}].{name}": one[name]
            for name in ("rows", "loss", "elsewhere", "reference", "p")
        }
        found[f"performance.slices[{i}].says"] = Words(one["facts"])
        found[f"performance.slices[{i}].slice"] = Words(one["ends"])
    return found


def _cut(columns, there, roles):
    """The columns that slices are made of, in the rows that have a target and a prediction."""
    return {
        name: SimpleNamespace(
            number=c.number,
            names=c.names,
            coarse_edges=c.coarse_edges,
            whole=[x[rows.to_numpy()] for x, rows in zip(c.whole, there, strict=True)],
        )
        for name, c in columns.items()
        if name not in roles
    }


_NUMBER = re.compile(r"-?\d(?:[\d,]*\d)?(?:\.\d+)?(?:e[+-]?\d+)?")


def _reads_as(token, value):
    """Whether a number, rounded to the digits of this token, is it."""
    mantissa, _, power = token.replace(",", "").partition("e")
    last = 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))
    return abs(float(token.replace(",", "")) - value) <= 0.5000001 * last


def _stray(text, known, names):
    """The numbers of a text that are none of those that it may hold."""
    for name in names:
        text = text.replace(name, "")
    text = re.sub(r"\b(Float64|Int64|Boolean|String|Datetime\([^)]*\)|95 % interval|'[^']*')", "", text)
    text = re.sub(r"(?<=\d)-(?=\d)", " ", text)
    return [one for one in _NUMBER.findall(text) if not any(_reads_as(one, x) for x in known)]


def test_every_number_is_worked_out_from_the_rows(case):
    """No number of the report is without one here, none here without one there, and all agree."""
    found, expected = leaves(case.report), case.told
    wrong = {
        path: (value, expected.get(path)) for path, value in found.items() if _is_wrong(case, path, value)
    }
    assert not wrong, "\n".join(f"{path}: {what}" for path, what in wrong.items())
    numbers = {path for path, mine in expected.items() if not isinstance(mine, str | Words | None)}
    assert not numbers - found.keys()


def test_a_number_that_is_off_is_noticed(case):
    """By one per cent and a thousandth, whichever it is: what is compared is compared closely; and most of the texts'."""
    texts = noticed = 0
    for path, value in leaves(case.report).items():
        if any(re.fullmatch(one, path) for one in GIVEN):
            continue
        if not isinstance(value, str):
            assert _is_wrong(case, path, value * 1.01 + 1e-3), path
            continue
        for one in _NUMBER.finditer(value):
            off = one.group()[:-1] + str((int(one.group()[-1]) + 3) % 10)
            texts += 1
            noticed += _is_wrong(case, path, value[: one.start()] + off + value[one.end() :])
    assert noticed > 0.9 * texts > 0


def test_charts_draw_shares_of_the_rows(case):
    """Each bin and each bar is the share of the values that the rows give."""
    for column in case.report.columns:
        c = case.columns[column.name]
        singles = [one.value for one in column.histogram.singles] if column.histogram else []
        for row in (row for name, rows in drawn(column) for row in rows if row.get("high", 0) is not None):
            for side, x in zip(("reference", "current"), c.values, strict=True):
                if "low" in row:
                    inside = (x >= row["low"]) & (x < row["high"]) & ~np.isin(x, singles)
                else:
                    inside = x == _value(c, row["value"])
                assert row[side] == pytest.approx(np.mean(inside), abs=1e-12)


def _value(c, text):
    return float(text) if c.number else {"false": 0, "true": 1}.get(text, text)


def test_the_files_have_something_of_everything(every):
    """Each kind of finding that has numbers of its own is there, and alarms; natural variation is told, by phase too."""
    findings = [one for report in every for one in report.findings]
    alarming = {one.check for one in findings if one.alarms}
    assert {"nulls", "new value", "range", "constant", "unit", "drift", "correlation"} <= alarming
    assert {"duplicates", "freshness", "performance"} <= alarming
    natural = [one for one in findings if one.check == "drift" and one.expected]
    assert {one.statistic for one in natural} == {"ks", "total variation"}
    assert any("800 of the reference" in one.says for one in natural)
    assert any(one.check == "correlation" and one.threshold > 0.1 for one in findings)
    judged = [report.performance for report in every if report.performance]
    assert {one.task for one in judged} == {"regression", "binary", "multiclass"}
    assert sum(len(one.slices) for one in judged) > 1


def _is_wrong(case, path, value):
    """Whether a number, or one in a text, is none that the rows give."""
    if any(re.fullmatch(one, path) for one in GIVEN):
        return False
    mine = case.told.get(path)
    if isinstance(mine, Words):
        return bool(_stray(value, mine, case.names))
    return mine is None or not _agree(path, value, mine)


def _agree(path, value, mine):
    if isinstance(mine, str):
        return value == mine
    if "standard deviation" in path:
        # From sums of squares about the reference's median: half of the digits may cancel.
        return value == pytest.approx(mine, rel=1e-6, abs=1e-7)
    if path.endswith(".p"):
        # Where chance is next to none, its logarithm is what can be compared.
        return value == pytest.approx(mine, rel=1e-6) or max(value, mine) < 1e-250
    return value == pytest.approx(mine, rel=1e-6, abs=1e-9)
