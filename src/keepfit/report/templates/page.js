"use strict";
// The page is complete without this: it lets charts answer the mouse, and finds columns by name.
(() => {
  const parsed = (id) => JSON.parse(document.getElementById(id).textContent);
  const report = parsed("keepfit-data");
  const figures = parsed("keepfit-figures");

  const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
  const all = (h, side) => sum(h[side]) + h.below[side] + h.above[side] + sum(h.singles.map((one) => one[side]));

  const densityRows = (h) => {
    const [r, c] = [Math.max(1, all(h, "reference")), Math.max(1, all(h, "current"))];
    const rows = h.reference.map((count, i) => (
      { low: h.edges[i], high: h.edges[i + 1], reference: count / r, current: h.current[i] / c }));
    return [...rows, { low: h.edges.at(-1), high: null, reference: 0, current: 0 }];
  };
  const paired = (names, reference, current, totals) => names.map((value, i) => (
    { value, reference: reference[i] / Math.max(1, totals[0]), current: current[i] / Math.max(1, totals[1]) }));
  const moment = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ");
  const singleRows = (h, temporal) => paired(
    h.singles.map((one) => (temporal ? moment(one.value) : String(one.value))), h.singles.map((one) => one.reference),
    h.singles.map((one) => one.current), [all(h, "reference"), all(h, "current")]);
  const barRows = (b) => paired(b.values, b.reference, b.current,
    ["reference", "current"].map((side) => sum(b[side]) + b.other[side] + b.unseen[side]));
  const drawn = (column) => {
    if (column.bars) return [["bars", barRows(column.bars)]];
    const h = column.histogram;
    if (!h) return [];
    const temporal = column.kind === "time";
    return [
      ...(h.edges.length ? [[temporal ? "time" : h.scale, densityRows(h)]] : []),
      ...(h.singles.length ? [["bars", singleRows(h, temporal)]] : []),
    ];
  };

  const draw = async (figure) => {
    const still = [...figure.children];
    const width = Math.max(200, Math.min(640, figure.clientWidth - 4));
    const holders = [];
    for (const [name, rows] of drawn(report.columns[Number(figure.dataset.column)])) {
      const holder = document.createElement("div");
      holder.setAttribute("aria-hidden", "true");
      const spec = { ...structuredClone(figures[name]), datasets: { rows }, width, autosize: { type: "fit-x", contains: "padding" } };
      figure.append(holder);
      // The interpreter needs no eval, which the page forbids.
      await vegaEmbed(holder, spec, { mode: "vega-lite", renderer: "svg", actions: false, ast: true, logLevel: 1 });
      holders.push(holder);
    }
    if (holders.length) still.forEach((one) => one.remove());
  };
  const seen = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
    seen.unobserve(entry.target);
    draw(entry.target).catch((error) => console.warn(error));
  }), { rootMargin: "200px" });
  document.querySelectorAll("[data-column]").forEach((figure) => seen.observe(figure));

  const open = () => document.getElementById(location.hash.slice(1))?.setAttribute("open", "");
  window.addEventListener("hashchange", open);
  open();

  const filter = document.querySelector(".filter");
  filter.hidden = false;
  filter.querySelector("input").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    report.columns.forEach((column, i) => {
      document.getElementById(`c${i}`).hidden = !column.name.toLowerCase().includes(wanted);
    });
  });
})();
