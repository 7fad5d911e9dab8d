"""The report on two files by textbook formulas on the raw rows, and its page: every number on it is one of the report's."""

import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest
from scipy import special, stats
from scipy.spatial.distance import jensenshannon

from keepfit.adapters.codec import from_json, to_json
from keepfit.clock import parse_time
from keepfit.report.file_report import FileReport
from keepfit.report.page import html_page
from keepfit.report.wording import chance, count, moment, number, share
from keepfit.workflows.check_files import check_files
from keepfit.workflows.prepare_files import FilesToCheck

NOW = parse_time("2024-05-01T10:00")
NASTY = '</script><img src=x onerror="alert(1)">'
ROWS = {"reference": 4000, "current": 5000}


def rows(seed, n, moved):
    """Rows of every kind of column; some have moved."""
    rng = np.random.default_rng(seed)
    miles = rng.lognormal(1, 0.8, n) * (1.3 if moved else 1.0)
    wind = rng.normal(0, 1, n)
    zones = rng.choice(
        ["Soho", "JFK", "Harlem", NASTY], n, p=[0.3, 0.3, 0.2, 0.2] if moved else [0.4, 0.3, 0.2, 0.1]
    )
    return pl.DataFrame(
        {
            "miles": miles,
            "temperature": pl.Series(rng.normal(15, 8, n)).set(
                pl.Series(rng.random(n) < (0.2 if moved else 0.1)), None
            ),
            "tip": np.where(rng.random(n) < 0.4, 0.0, rng.exponential(3, n)),
            "passengers": rng.choice([1, 2, 3, 4, 5, 6], n, p=[0.5, 0.2, 0.1, 0.1, 0.05, 0.05]),
            "zone": pl.Series(zones).set(pl.Series(rng.random(n) < 0.02 * moved), "<b>new</b>"),
            NASTY: rng.normal(0, 1, n) + 0.3 * moved,
            "night": rng.random(n) < 0.2,
            "wind": wind,
            "rain": (0.2 if moved else 0.6) * wind + rng.normal(0, 1, n),
            "minutes": miles * 4 + rng.normal(0, 3, n),
            "predicted": miles * (3.2 if moved else 4.0) + rng.normal(0, 1, n),
        }
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Both files' rows, the report on them, and its page."""
    folder = tmp_path_factory.mktemp("files")
    frames = {
        "reference": rows(1, ROWS["reference"], moved=False),
        "current": rows(2, ROWS["current"], moved=True),
    }
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
    asked = FilesToCheck(
        reference=folder / "reference.parquet",
        current=folder / "current.parquet",
        target="minutes",
        prediction="predicted",
    )
    report = check_files(asked, now=NOW)
    return frames, report, html_page(report, to_json(report).decode())


def sides(frames, name):
    """The values of a column on both sides, nulls left out."""
    return tuple(frames[side][name].drop_nulls().to_numpy() for side in ("reference", "current"))


def both(pair):
    """The two numbers of a pair."""
    return pair.reference, pair.current


def coarse(reference, current):
    """Rows of both sides between deciles, bold values apart, below and above the reference's range."""
    ordered = np.sort(reference)
    distinct, held = np.unique(ordered, return_counts=True)
    bold = distinct[held > ordered.size / 10]
    deciles = ordered[np.arange(10) * ordered.size // 10]
    ends = [ordered[0], np.nextafter(ordered[-1], np.inf)]
    edges = np.unique(np.concatenate([deciles, bold, np.nextafter(bold, np.inf), ends]))
    return [np.bincount(np.digitize(side, edges), minlength=edges.size + 1) for side in (reference, current)]


def by_value(frames, name):
    """Rows of both sides by value: the reference's, most frequent first, then everything else."""
    texts = [frames[side][name].cast(pl.String).drop_nulls() for side in ("reference", "current")]
    known = sorted(set(texts[0]), key=lambda value: (-(texts[0] == value).sum(), value))
    held = [[int((side == value).sum()) for value in known] for side in texts]
    return [np.array([*rows, 0, len(side) - sum(rows)]) for rows, side in zip(held, texts, strict=True)]


def cells(frames, name):
    """Coarse cells of any column, the rows without a value in the last one."""
    numeric = frames["reference"][name].dtype.is_numeric()
    counts = coarse(*sides(frames, name)) if numeric else by_value(frames, name)
    nulls = [frames[side][name].null_count() for side in ("reference", "current")]
    return [np.append(one, more) for one, more in zip(counts, nulls, strict=True)]


def test_the_facts_are_those_of_the_files(files):
    """Names, rows, columns, the moment and the settings."""
    frames, report, _ = files
    assert (report.reference.rows, report.current.rows) == (4000, 5000)
    assert (report.reference.columns, report.current.columns) == (11, 11)
    assert (report.reference.name, report.made_at) == ("reference.parquet", NOW)
    assert report.compared == len(report.columns) == len(frames["reference"].columns)
    assert report.changed == sum(one.alarms for one in report.columns)
    assert (report.settings.blocks, report.settings.min_rows) == (0, 100)


def test_counts_and_summaries_are_those_of_the_rows(files):
    """Values, nulls, means, deviations, ends and quartiles of every column."""
    frames, report, _ = files
    for column in report.columns:
        for i, side in enumerate(("reference", "current")):
            raw = frames[side][column.name]
            assert both(column.values)[i] == len(raw) - raw.null_count()
            assert both(column.nulls)[i] == raw.null_count()
            assert both(column.null_share)[i] == pytest.approx(raw.null_count() / len(raw))
            if column.summary:
                told = {name: both(pair)[i] for name, pair in column.summary.items()}
                exact = [raw.mean(), raw.std(), raw.min(), raw.max()]
                found = [told[name] for name in ("mean", "standard deviation", "smallest", "largest")]
                assert found == pytest.approx(exact, rel=1e-9)
                for name, part in (("lower quartile", 0.25), ("median", 0.5), ("upper quartile", 0.75)):
                    values = raw.drop_nulls().to_numpy()
                    below, until = np.mean(values < told[name]), np.mean(values <= told[name])
                    assert below - 0.01 <= part <= until + 0.01


def test_distances_are_those_of_the_rows(files):
    """Each by its textbook formula, from the raw values or from counts of coarse cells made here."""
    frames, report, _ = files
    for column in report.columns:
        old, new = cells(frames, column.name)
        r, w = old / old.sum(), new / new.sum()
        floor_r, floor_w = np.maximum(r, 1e-3), np.maximum(w, 1e-3)
        expected = {
            "total variation": np.abs(r - w).sum() / 2,
            "stability index (PSI)": ((floor_w - floor_r) * np.log(floor_w / floor_r)).sum(),
            "Jensen-Shannon": jensenshannon(r, w, base=2),
            "Hellinger": np.sqrt(((np.sqrt(r) - np.sqrt(w)) ** 2).sum() / 2),
            "largest change of a cell": np.abs(r - w).max(),
            "Cramér's V": np.sqrt(((r - w) ** 2 / np.maximum(r + w, 1e-300)).sum() / 2),
        }
        for name, value in expected.items():
            assert column.distances[name] == pytest.approx(value, abs=1e-9), (column.name, name)
        if column.kind == "number":
            values = sides(frames, column.name)
            spread = stats.iqr(values[0]) / 1.349
            moved = stats.wasserstein_distance(*values)
            assert column.distances["Kolmogorov-Smirnov"] == pytest.approx(
                stats.ks_2samp(*values).statistic, abs=2e-3
            )
            assert column.distances["Wasserstein"] == pytest.approx(moved, abs=5e-3 * spread)
            assert column.distances["Wasserstein over spread"] == pytest.approx(
                moved / spread, rel=0.03, abs=5e-3
            )


def test_every_bar_is_counted_from_the_rows(files):
    """Histograms and bars of categories, and what lies beside them."""
    frames, report, _ = files
    for column in report.columns:
        for side in ("reference", "current"):
            raw = frames[side][column.name].drop_nulls()
            if column.histogram is not None:
                _counted(column.histogram, raw.to_numpy(), side)
                continue
            texts = raw.cast(pl.String)
            held = [int((texts == value).sum()) for value in column.bars.values]
            assert list(getattr(column.bars, side)) == held
            rest = getattr(column.bars.other, side) + getattr(column.bars.unseen, side)
            assert rest == len(texts) - sum(held)


def _counted(histogram, values, side):
    for one in histogram.singles:
        assert getattr(one, side) == (values == one.value).sum()
    rest = values[~np.isin(values, [one.value for one in histogram.singles])]
    if not histogram.edges:
        assert getattr(histogram.above, side) == rest.size
        return
    edges = np.array(histogram.edges)
    inside = [((rest >= low) & (rest < high)).sum() for low, high in itertools.pairwise(edges)]
    assert list(getattr(histogram, side)) == inside
    assert getattr(histogram.below, side) == (rest < edges[0]).sum()
    assert getattr(histogram.above, side) == (rest >= edges[-1]).sum()


def test_values_of_findings_are_those_of_the_rows(files):
    """What each check measured, what it expected, and the rows that it rests on."""
    frames, report, _ = files
    checked = 0
    for one in report.findings:
        if one.subject not in frames["reference"].columns:
            continue
        old, new = (frames[side][one.subject] for side in ("reference", "current"))
        if one.check == "nulls":
            assert (one.value, one.expected) == pytest.approx(
                (new.null_count() / 5000, old.null_count() / 4000)
            )
            table = [[new.null_count(), 5000 - new.null_count()], [old.null_count(), 4000 - old.null_count()]]
            exact = stats.fisher_exact(table, alternative="greater").pvalue
            assert min(one.p, 0.5) == pytest.approx(min(exact, 0.5), rel=1e-6, abs=1e-300)
        elif one.check == "drift" and old.dtype.is_numeric():
            values = old.drop_nulls().to_numpy(), new.drop_nulls().to_numpy()
            gap = stats.ks_2samp(*values).statistic
            assert one.value == pytest.approx(gap, abs=2e-3)
            assert one.n == values[1].size
            assert (one.expected, one.threshold) == (0.0, 0.03)
            _p_of_drift(one, values)
        elif one.check == "drift":
            r, w = (side / side.sum() for side in by_value(frames, one.subject))
            largest, together = np.abs(r - w).max(), np.abs(r - w).sum() / 2
            assert together - 0.03 <= one.value <= max(largest, together)
        elif one.check == "new value" and one.alarms:
            hits = int((new == "<b>new</b>").sum())
            assert (one.value, one.expected) == (hits / 5000, 0.0)
        elif one.check == "unit":
            assert one.verdict == "insufficient data" or one.value == pytest.approx(_unit(old, new), rel=0.02)
        else:
            continue
        checked += 1
    assert checked > 20


def _p_of_drift(one, values):
    """Three times the smallest p of the textbook tests, cells with fewer than five expected rows counted with another."""
    n, m = values[0].size, values[1].size
    gap = special.kolmogorov(one.value * np.sqrt(n * m / (n + m)))
    shift = stats.mannwhitneyu(*values, use_continuity=False, method="asymptotic").pvalue
    table = np.array(coarse(*values))
    rare = table.sum(axis=0) * min(n, m) < 5 * (n + m)
    pooled = table[:, ~rare].copy()
    pooled[:, pooled.sum(axis=0).argmin()] += table[:, rare].sum(axis=1)
    shape = stats.chi2_contingency(pooled).pvalue
    smallest = min(gap, shift, shape)
    if smallest < 1e-12:
        assert one.p < 1e-9
    else:
        assert one.p == pytest.approx(min(1.0, 3 * smallest), rel=0.25)


def _unit(old, new):
    """The median ratio of the deciles."""
    deciles = np.arange(1, 10) / 10
    was, now = (np.quantile(side.drop_nulls().to_numpy(), deciles) for side in (old, new))
    return float(np.median((now / was)[was * now > 0]))


def test_correlations_are_those_of_the_rows(files):
    """Pearson's, of values clipped at four spreads of the reference; each sentence's pair by name."""
    frames, report, _ = files
    pairs = [one for one in report.findings if one.check == "correlation" and " ~ " in one.subject]
    assert pairs
    for one in pairs:
        first, second = one.subject.split(" ~ ")
        for side, told in (("reference", one.expected), ("current", one.value)):
            kept = frames[side].select(first, second).drop_nulls().to_numpy()
            base = frames["reference"].select(first, second).to_numpy()
            centre = np.nanmedian(base, axis=0)
            spread = (np.nanquantile(base, 0.75, axis=0) - np.nanquantile(base, 0.25, axis=0)) / 1.349
            clipped = np.clip((kept - centre) / spread, -4, 4)
            assert told == pytest.approx(np.corrcoef(clipped.T)[0, 1], abs=0.01)


class _Text(HTMLParser):
    """What a page shows, and the tags it has."""

    def __init__(self):
        super().__init__()
        self.texts, self.tags, self._hidden = [], [], 0

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._hidden += tag in {"script", "style", "svg"}

    def handle_endtag(self, tag):
        self._hidden -= tag in {"script", "style", "svg"}

    def handle_data(self, data):
        if not self._hidden:
            self.texts.append(data)


def shown(page):
    """The texts and the tags of a page."""
    parser = _Text()
    parser.feed(page)
    return parser.texts, parser.tags


def _numbers(value):
    """Every number of a JSON value, and every text."""
    if isinstance(value, dict):
        return [one for part in value.values() for one in _numbers(part)] + [
            one for one in value if isinstance(one, str)
        ]
    if isinstance(value, list):
        return [one for part in value for one in _numbers(part)]
    return [] if value is None or isinstance(value, bool) else [value]


_NUMBER = re.compile(r"-?\d(?:[\d,]*\d)?(?:\.\d+)?(?:e[+-]?\d+)?")


def test_every_number_on_the_page_is_one_of_the_report(files):
    """The words of the page hold no figure that is not in its JSON, as it is or as it is written."""
    _, report, page = files
    known = set()
    for one in _numbers(json.loads(to_json(report))):
        written = (
            [one]
            if isinstance(one, str)
            else [form(one) for form in (number, share, chance, moment)] + [f"{one:.10g}"]
        )
        if isinstance(one, int):
            written.append(count(one))
        known.update(token for text in written for token in _NUMBER.findall(text))
    # The moment is written without seconds, and intervals are said to hold in 95 % of cases.
    known.update(_NUMBER.findall("2024-05-01 10:00 95 %"))
    found = [token for text in shown(page)[0] for token in _NUMBER.findall(text)]
    assert len(found) > 500
    assert set(found) <= known


def test_the_page_carries_the_report(files):
    """The JSON in it reads back as the very report."""
    _, report, page = files
    data = re.search(r'<script type="application/json" id="keepfit-data">(.*?)</script>', page, re.DOTALL)[1]
    assert from_json(data, FileReport) == report


def test_names_and_values_are_escaped_everywhere(files):
    """A column and a category that would break out of a script or an attribute are text, and nothing else."""
    _, _, page = files
    texts, tags = shown(page)
    assert NASTY in texts
    assert [tag for tag, _ in tags if tag in {"img", "b", "iframe", "object"}] == []
    assert sum(tag == "script" for tag, _ in tags) == 4
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    assert 'onerror="' not in page


def test_the_page_asks_for_nothing(files):
    """No address to load, and a policy that would forbid it."""
    _, _, page = files
    _, tags = shown(page)
    policy = next(attributes["content"] for tag, attributes in tags if attributes.get("http-equiv"))
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    loading = {"src", "srcset", "data", "action", "background", "poster"}
    assert not [attributes for _, attributes in tags if loading & attributes.keys()]
    assert all(attributes["href"].startswith("#") for tag, attributes in tags if tag == "a")
    assert not [tag for tag, _ in tags if tag in {"link", "base", "embed"}]
    assert len(page) < 2_000_000


def test_the_page_reads_without_javascript(files):
    """Columns that alarm stand open, each with a drawing and its numbers in tables."""
    _, report, page = files
    _, tags = shown(page)
    opened = [attributes["id"] for tag, attributes in tags if tag == "details" and "open" in attributes]
    assert opened == [f"c{i}" for i, one in enumerate(report.columns) if one.alarms]
    assert page.count('<svg xmlns="http://www.w3.org/2000/svg"') >= len(opened)
    for column in report.columns:
        assert number(column.distances["total variation"]) in shown(page)[0]


def test_every_chart_has_a_name_for_those_who_do_not_see_it(files):
    """And tables have headings with a scope."""
    _, report, page = files
    _, tags = shown(page)
    labels = [attributes["aria-label"] for _, attributes in tags if attributes.get("role") == "img"]
    assert len(labels) == len(report.columns)
    assert all(one.says in label for one, label in zip(report.columns, labels, strict=True))
    assert all(attributes.get("scope") for tag, attributes in tags if tag == "th")
