"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = id => document.getElementById(id);
const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const grouped = n => n.toLocaleString("en-US");
const short = n => Number(n.toPrecision(6)).toString();
const iso = seconds => new Date(seconds * 1000).toISOString();
const element = (tag, text, css) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (css) made.className = css;
  return made;
};

// Head.
byId("source").textContent = data.source;
for (const [value, name] of data.figures) {
  const figure = element("div");
  figure.append(element("b", value), element("span", name));
  byId("figures").append(figure);
}
byId("legend").innerHTML =
  '<i class="up">&#9650;</i><i class="down">&#9660;</i> anomaly &ensp; <i class="turn">&#9670;</i> turn of trend &ensp; &#9711; neither up nor down &ensp; hollow: not told &ensp; drag: zoom, wheel: zoom, double click: whole time';

// Findings: one object each, numbered over all symbols in the order of time.
const findings = data.findings.map((row, at) => {
  const [symbol, time, kind, rule, direction, severity, told, price, change, value, threshold, score, reason] = row;
  return { number: at + 1, symbol, time, when: iso(time).replace("T", " ").slice(0, 19), kind, rule, direction, severity, told, price, change, value, threshold, score, reason };
});
const ofSymbol = new Map(data.charts.map(chart => [chart.symbol, []]));
for (const finding of findings) ofSymbol.get(finding.symbol)?.push(finding);

// The chart: bars side by side, whatever time lies between them.
let chart = null, plot = null, marks = [], chosen = null;
for (const { symbol } of data.charts) byId("symbol").append(new Option(symbol, symbol));

const barAt = time => {
  let low = 0, high = chart.t.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chart.t[middle] <= time) low = middle + 1; else high = middle;
  }
  return Math.max(0, low - 1);
};
const view = u => [Math.max(0, Math.ceil(u.scales.x.min ?? 0)), Math.min(chart.t.length - 1, Math.floor(u.scales.x.max ?? chart.t.length))];

const given = (u, min, max) => min === null ? [0, 1] : [min, max];

// Price and volume fill their parts, whatever time is in view.
function rescale(u, key) {
  if (key !== "x") return;
  const [low, high] = priceRange(u), [none, most] = volumeRange(u);
  u.batch(() => {
    u.setScale("p", { min: low, max: high });
    u.setScale("v", { min: none, max: most });
  });
  if (byId("inview").checked) table.draw();
}

function priceRange(u) {
  const [first, last] = view(u);
  let low = Infinity, high = -Infinity;
  for (let i = first; i <= last; i++) {
    low = Math.min(low, chart.l[i]);
    high = Math.max(high, chart.h[i]);
  }
  if (!(low <= high)) return [0, 1];
  const room = (high - low || Math.abs(high) * 0.01 || 1) * 0.08;
  // The lowest quarter belongs to the volume.
  return [low - room - (high - low + 2 * room) * 0.3, high + room];
}

function volumeRange(u) {
  const [first, last] = view(u);
  let high = 1;
  for (let i = first; i <= last; i++) high = Math.max(high, chart.v[i]);
  return [0, high * 4.6];
}

function timeLabels(u, splits) {
  const [first, last] = view(u);
  const spans = chart.t[last] - chart.t[first];
  let before = "";
  return splits.map(at => {
    const time = Number.isInteger(at) ? chart.t[at] : undefined;
    if (time === undefined) return "";
    const text = iso(time), day = text.slice(0, 10);
    const shown = spans > 200 * 86400 ? day : day === before ? text.slice(11, spans < 900 ? 19 : 16) : day.slice(5) + " " + text.slice(11, 16);
    before = day;
    return shown;
  });
}

function draw(u) {
  const { ctx } = u, scale = devicePixelRatio;
  const [first, last] = view(u);
  const x = at => u.valToPos(at, "x", true), y = value => u.valToPos(value, "p", true), v = value => u.valToPos(value, "v", true);
  const slot = Math.abs(x(1) - x(0)), wide = Math.max(1, Math.floor(slot * 0.65));
  ctx.save();
  ctx.beginPath();
  ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  ctx.clip();
  // Where a day begins.
  ctx.strokeStyle = colour("line");
  ctx.lineWidth = scale;
  ctx.beginPath();
  let days = 0;
  for (let i = Math.max(1, first); i <= last; i++) {
    if (Math.floor(chart.t[i] / 86400) !== Math.floor(chart.t[i - 1] / 86400) && ++days < 80) {
      ctx.moveTo(x(i - 0.5), u.bbox.top);
      ctx.lineTo(x(i - 0.5), u.bbox.top + u.bbox.height);
    }
  }
  if (days < 80) ctx.stroke();
  const base = v(0);
  ctx.fillStyle = colour("volume");
  for (let i = first; i <= last; i++) ctx.fillRect(x(i) - wide / 2, v(chart.v[i]), wide, base - v(chart.v[i]));
  if (slot >= 3 * scale) candles(ctx, first, last, x, y, wide, scale); else line(ctx, first, last, x, y, scale);
  drawMarks(ctx, first, last, x, y, scale);
  ctx.restore();
}

function candles(ctx, first, last, x, y, wide, scale) {
  for (let i = first; i <= last; i++) {
    ctx.fillStyle = colour(chart.c[i] >= chart.o[i] ? "up" : "down");
    ctx.fillRect(x(i) - scale / 2, y(chart.h[i]), scale, Math.max(scale, y(chart.l[i]) - y(chart.h[i])));
    const top = y(Math.max(chart.o[i], chart.c[i])), bottom = y(Math.min(chart.o[i], chart.c[i]));
    ctx.fillRect(x(i) - wide / 2, top, wide, Math.max(scale, bottom - top));
  }
}

// Too narrow for candles: closes as a line, highest and lowest prices as a band around it.
function line(ctx, first, last, x, y, scale) {
  ctx.strokeStyle = colour("soft");
  ctx.globalAlpha = 0.45;
  ctx.beginPath();
  for (let i = first; i <= last; i++) {
    ctx.moveTo(x(i), y(chart.h[i]));
    ctx.lineTo(x(i), y(chart.l[i]));
  }
  ctx.stroke();
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colour("ink");
  ctx.lineWidth = 1.2 * scale;
  ctx.beginPath();
  for (let i = first; i <= last; i++) ctx.lineTo(x(i), y(chart.c[i]));
  ctx.stroke();
}

const shown = mark => mark.told || byId("untold").checked;

function drawMarks(ctx, first, last, x, y, scale) {
  const size = 6 * scale, labels = [];
  ctx.font = 11 * scale + "px system-ui, sans-serif";
  ctx.textAlign = "center";
  const stack = new Map();
  for (const mark of marks) {
    if (mark.bar < first || mark.bar > last || !shown(mark)) continue;
    const above = mark.direction !== "up";
    const key = mark.bar + (above ? "a" : "b"), level = stack.get(key) ?? 0;
    stack.set(key, level + 1);
    const sign = above ? -1 : 1;
    const cx = x(mark.bar), cy = y(above ? chart.h[mark.bar] : chart.l[mark.bar]) + sign * (12 + level * 14) * scale;
    mark.at = [cx / scale, cy / scale];
    const tone = mark.kind === "trend" ? "turn" : mark.direction === "up" ? "up" : mark.direction === "down" ? "down" : "ink";
    ctx.strokeStyle = ctx.fillStyle = colour(tone);
    ctx.lineWidth = 1.5 * scale;
    ctx.beginPath();
    if (mark.kind === "trend") {
      ctx.moveTo(cx, cy - size); ctx.lineTo(cx + size, cy); ctx.lineTo(cx, cy + size); ctx.lineTo(cx - size, cy);
    } else if (mark.direction === "flat") {
      ctx.arc(cx, cy, size * 0.8, 0, 2 * Math.PI);
    } else {
      // The tip points where the price went.
      const tip = mark.direction === "up" ? -size : size;
      ctx.moveTo(cx, cy + tip); ctx.lineTo(cx + size, cy - tip * 0.7); ctx.lineTo(cx - size, cy - tip * 0.7);
    }
    ctx.closePath();
    if (mark.told) ctx.fill(); else ctx.stroke();
    if (mark === chosen) {
      ctx.strokeStyle = colour("ink");
      ctx.beginPath();
      ctx.arc(cx, cy, size * 1.7, 0, 2 * Math.PI);
      ctx.stroke();
    }
    const text = "#" + mark.number, half = ctx.measureText(text).width / 2 + 2 * scale;
    const ty = cy + sign * 17 * scale + (above ? 4 : 8) * scale;
    if (labels.every(([lx, ly, lh]) => Math.abs(lx - cx) > lh + half || Math.abs(ly - ty) > 12 * scale)) {
      labels.push([cx, ty, half]);
      ctx.fillStyle = colour("ink");
      ctx.fillText(text, cx, ty);
    }
  }
}

const told = mark => (mark.told ? "" : "not told: ") + `#${mark.number} ${mark.rule} ${mark.direction} at ${mark.when.slice(11)}, price ${mark.price} (${mark.change >= 0 ? "+" : ""}${mark.change.toFixed(2)} % from the previous close): ${mark.reason}`;

function hover(u) {
  const at = u.cursor.idx;
  if (at === null || at === undefined || chart.t[at] === undefined) return;
  const bar = `${iso(chart.t[at]).replace("T", " ").slice(0, 19)}  open ${short(chart.o[at])}  high ${short(chart.h[at])}  low ${short(chart.l[at])}  close ${short(chart.c[at])}  volume ${grouped(chart.v[at])}`;
  const near = marks.filter(mark => shown(mark) && mark.at && Math.hypot(mark.at[0] - u.cursor.left - u.bbox.left / devicePixelRatio, mark.at[1] - u.cursor.top - u.bbox.top / devicePixelRatio) < 14);
  const here = near.length ? near : marks.filter(mark => mark.bar === at && shown(mark));
  byId("hover").textContent = [bar, ...here.map(told)].join("\n");
}

function zoom(u, from, to) {
  const end = chart.t.length - 0.5;
  from = Math.max(-0.5, from); to = Math.min(end, to);
  if (to - from >= 5) u.setScale("x", { min: from, max: to });
}

const wheel = u => u.over.addEventListener("wheel", event => {
  event.preventDefault();
  const { min, max } = u.scales.x, at = u.posToVal(event.offsetX, "x"), by = event.deltaY < 0 ? 0.75 : 1 / 0.75;
  zoom(u, at - (at - min) * by, at + (max - at) * by);
}, { passive: false });

function show(symbol) {
  chart = data.charts.find(one => one.symbol === symbol);
  byId("symbol").value = symbol;
  marks = ofSymbol.get(symbol).map(mark => Object.assign(mark, { bar: barAt(mark.time), at: null }));
  const per = chart.width === 0 ? "each bar is a quote" : `each bar sums up ${duration(chart.width)} of quotes (${grouped(chart.quotes)} in all), thinned out for drawing: every quote was judged`;
  byId("thin").textContent = `${symbol}: ${grouped(chart.t.length)} bars, ${per}.` + (chart.unmarked ? ` ${grouped(chart.unmarked)} findings beyond the first thousand are counted, and not drawn.` : "");
  byId("hover").textContent = "";
  plot?.destroy();
  const axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line") } };
  plot = new uPlot({
    width: byId("chart").clientWidth, height: 470,
    padding: [12, 0, 0, 36],
    legend: { show: false },
    cursor: { drag: { x: true, y: false } },
    scales: { x: { time: false, range: given }, p: { auto: false, range: given }, v: { auto: false, range: given } },
    axes: [
      { ...axis, values: timeLabels, incrs: [1, 2, 5, 10, 15, 30, 60, 90, 120, 240, 390, 500, 1000], space: 95 },
      { ...axis, scale: "p", side: 1, size: 70, values: (u, splits) => splits.map(at => at === null ? "" : short(at)), filter: (u, splits) => splits.map(at => at < lowest(u) ? null : at) },
    ],
    series: [{}, { scale: "p", paths: () => null, points: { show: false } }, { scale: "v", paths: () => null, points: { show: false } }],
    hooks: { draw: [draw], setCursor: [hover], init: [wheel], setScale: [rescale] },
  }, [chart.t.map((_, at) => at), chart.c, chart.v], byId("chart"));
}

// Below it there is volume, whose axis is not that of the price.
function lowest(u) {
  const [first, last] = view(u);
  let low = Infinity;
  for (let i = first; i <= last; i++) low = Math.min(low, chart.l[i]);
  return low - (u.scales.p.max - low) * 0.1;
}

function duration(seconds) {
  for (const [size, name] of [[86400, "d"], [3600, "h"], [60, "min"]]) if (seconds % size === 0) return `${seconds / size} ${name}`;
  return `${seconds} s`;
}

function choose(finding) {
  if (!ofSymbol.has(finding.symbol)) return;
  if (chart?.symbol !== finding.symbol) show(finding.symbol);
  chosen = finding;
  const half = Math.min(60, chart.t.length / 2);
  // After a new chart has found its scales.
  setTimeout(() => { zoom(plot, finding.bar - half, finding.bar + half); plot.redraw(); });
  byId("hover").textContent = told(finding);
  table.draw();
}

function step(by) {
  const list = marks.filter(shown);
  if (!list.length) return;
  const at = list.indexOf(chosen);
  const { min, max } = plot.scales.x;
  const next = at >= 0 ? at + by : by > 0 ? list.findIndex(mark => mark.bar >= min) : list.findLastIndex(mark => mark.bar <= max);
  choose(list[(next + list.length) % list.length]);
}

// Tables that sort, a few hundred rows at a time.
function sortable(table, more, columns, rows, wanted, click) {
  let by = 0, down = false, most = 300;
  const head = table.createTHead().insertRow(), body = table.createTBody();
  columns.forEach(([name, key, number], at) => {
    const cell = element("th", name, number ? "number" : "");
    cell.onclick = () => { down = by === at ? !down : !!number && at > 0; by = at; most = 300; redraw(); };
    head.append(cell);
  });
  function redraw() {
    const key = columns[by][1];
    const sorted = rows.filter(wanted).sort((a, b) => (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0) * (down ? -1 : 1));
    [...head.cells].forEach((cell, at) => cell.textContent = columns[at][0] + (at === by ? (down ? " \u25be" : " \u25b4") : ""));
    body.replaceChildren(...sorted.slice(0, most).map(row => {
      const line = element("tr", undefined, row === chosen ? "chosen" : "");
      for (const [, key, number, text, css] of columns) line.append(element("td", text ? text(row[key], row) : row[key], (number ? "number " : "") + (css ? css(row) : "")));
      if (click) line.onclick = () => { click(row); byId("chart").scrollIntoView({ block: "center" }); };
      return line;
    }));
    if (more) more.textContent = sorted.length > most ? `300 more of ${grouped(sorted.length - most)}` : "";
  }
  if (more) more.onclick = () => { most += 300; redraw(); };
  redraw();
  return { draw: redraw };
}

const ways = row => row.kind === "trend" ? "turn" : row.direction === "up" ? "up" : row.direction === "down" ? "down" : "";
const inView = row => {
  if (!byId("inview").checked) return true;
  if (row.symbol !== chart.symbol || !plot) return false;
  return row.bar >= plot.scales.x.min && row.bar <= plot.scales.x.max;
};
const rate = n => (n / data.symbol_days).toFixed(2);
sortable(byId("rules"), null, [
  ["rule", "rule"], ["kind", "kind"], ["findings", "findings", true, grouped], ["alerts", "alerts", true, grouped], ["alerts per symbol and day", "alerts", true, rate],
], data.rules, () => true);
const names = [
  ["#", "number", true], ["time", "time", false, (_, row) => row.when], ["symbol", "symbol"], ["rule", "rule"], ["direction", "direction", false, undefined, ways],
  ["severity", "severity"], ["told", "told", false, is => is ? "yes" : "no"], ["price", "price", true], ["change %", "change", true, n => n.toFixed(2)],
  ["value", "value", true, short], ["bound", "threshold", true, short], ["score", "score", true, n => n.toFixed(2)], ["why", "reason", false, undefined, () => "wide"],
];
let table = { draw() {} };
if (data.charts.length) show((data.charts.find(one => ofSymbol.get(one.symbol).length) ?? data.charts[0]).symbol);
table = sortable(byId("findings"), byId("more"), names, findings, row => shown(row) && inView(row), choose);
sortable(byId("days"), byId("moredays"), [
  ["symbol", "symbol"], ["day", "day"], ["rule", "rule"], ["kind", "kind"], ["alerts", "alerts", true, grouped], ["up", "up", true], ["down", "down", true], ["flat", "flat", true], ["findings", "findings", true, grouped],
], data.days, () => true);

// A link to a finding: report.html#12
const open = () => {
  const finding = findings[Number(location.hash.slice(1)) - 1];
  if (finding) choose(finding);
};
addEventListener("hashchange", open);
open();

byId("symbol").onchange = event => { chosen = null; show(event.target.value); table.draw(); };
byId("whole").onclick = () => plot && zoom(plot, -0.5, chart.t.length - 0.5);
byId("before").onclick = () => step(-1);
byId("after").onclick = () => step(1);
byId("untold").onchange = () => { plot?.redraw(); table.draw(); };
byId("inview").onchange = () => table.draw();

// Alerts per symbol and day, over the days.
const perDay = data.rate.map(([, alerts, symbols]) => symbols ? alerts / symbols : 0);
const rates = perDay.length && new uPlot({
  width: byId("rate").clientWidth, height: 190, legend: { show: false }, cursor: { show: false },
  scales: { x: { time: false, range: [-0.6, perDay.length - 0.4] }, y: { range: (u, low, high) => [0, Math.max(high, 1) * 1.15] } },
  axes: [
    { stroke: colour("soft"), grid: { show: false }, incrs: [1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 2500], space: 80, values: (u, splits) => splits.map(at => data.rate[at]?.[0] ?? "") },
    { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, size: 45 },
  ],
  series: [{}, { fill: colour("turn"), stroke: colour("turn"), width: 0, paths: uPlot.paths.bars({ size: [0.6, 60] }), points: { show: false } }],
}, [perDay.map((_, at) => at), perDay], byId("rate"));
addEventListener("resize", () => {
  plot?.setSize({ width: byId("chart").clientWidth, height: 470 });
  rates && rates.setSize({ width: byId("rate").clientWidth, height: 190 });
});
