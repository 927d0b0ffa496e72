// The plots of a group.
import uPlot from "uplot";
import { bytes, number, seconds } from "./format";

export interface Mark { at: number; bad: boolean; text: string }
export interface Line { label: string; color: string; show: (v: number | null) => string }

const perSecond = (v: number | null) => number(v);
const inSeconds = (v: number | null) => (v === null || v === undefined ? "–" : seconds(v));

const inBytes = (v: number | null) => (v === null || v === undefined ? "–" : bytes(v));
const inProcessors = (v: number | null) => (v === null || v === undefined ? "–" : v.toFixed(2));

/** The numbers beside a plot. */
const axisValues = {
  count: (_: uPlot, v: number[]) => v.map((x) => number(x)),
  seconds: (_: uPlot, v: number[]) => v.map((x) => seconds(x)),
  bytes: (_: uPlot, v: number[]) => v.map((x) => bytes(x)),
};

/** The times below a plot: hours and minutes, and seconds only if they tell times apart. */
function axisTimes(_: uPlot, at: number[], _axis: number, _space: number, step: number): string[] {
  const two = (n: number) => String(n).padStart(2, "0");
  return at.map((s) => {
    const d = new Date(s * 1000);
    return `${two(d.getHours())}:${two(d.getMinutes())}${step < 60 ? `:${two(d.getSeconds())}` : ""}`;
  });
}

export const kinds: { title: string; unit: "count" | "seconds" | "bytes"; lines: Line[] }[] = [
  { title: "Requests a second", unit: "count", lines: [
    { label: "all", color: "--line-1", show: perSecond }, { label: "errors", color: "--line-bad", show: perSecond }] },
  { title: "Latency", unit: "seconds", lines: [
    { label: "p50", color: "--line-1", show: inSeconds }, { label: "p95", color: "--line-2", show: inSeconds },
    { label: "p99", color: "--line-3", show: inSeconds }] },
  { title: "Queue", unit: "count", lines: [
    { label: "waiting", color: "--line-1", show: number }, { label: "in hand", color: "--line-2", show: number }] },
  { title: "Wait for a slot", unit: "seconds", lines: [{ label: "p95", color: "--line-1", show: inSeconds }] },
  { title: "Memory", unit: "bytes", lines: [{ label: "all workers", color: "--line-1", show: inBytes }] },
  { title: "Processors", unit: "count", lines: [{ label: "busy", color: "--line-1", show: inProcessors }] },
];

const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Draws a line for each event. */
function marking(marks: () => Mark[]): uPlot.Plugin {
  return { hooks: { draw: (u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const m of marks()) {
      const x = u.valToPos(m.at, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = color(m.bad ? "--line-bad" : "--mark");
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  } } };
}

/** One plot, with its legend as text beside it. */
export class Plot {
  readonly node = document.createElement("figure");
  private readonly caption = document.createElement("figcaption");
  private readonly place = document.createElement("div");
  private plot: uPlot | null = null;
  private data: uPlot.AlignedData = [[]];

  constructor(private readonly group: string, private readonly kind: (typeof kinds)[number], private readonly marks: () => Mark[]) {
    this.place.setAttribute("role", "img");
    this.node.append(this.caption, this.place);
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(this.place);
  }

  private size() { return { width: Math.max(this.place.clientWidth, 100), height: 120 }; }

  /** Makes the plot anew, for other colors. */
  renew(): void {
    this.plot?.destroy();
    this.plot = null;
    if (this.node.isConnected) this.show(this.data);
  }

  show(data: uPlot.AlignedData): void {
    this.data = data;
    if (!this.plot) this.plot = this.make();
    else this.plot.setData(data);
    const last = data.slice(1).map((s) => (s.length ? (s[s.length - 1] as number | null) : null));
    const parts = this.kind.lines.map((l, i) => `${l.label} ${l.show(last[i])}`);
    this.legend(last);
    this.place.setAttribute("aria-label", `${this.kind.title} of ${this.group}: ${parts.join(", ")}`);
  }

  private legend(last: (number | null)[]): void {
    this.caption.replaceChildren(this.kind.title, ...this.kind.lines.map((l, i) => {
      const entry = document.createElement("span");
      entry.className = `key ${l.color.slice(2)}`;
      entry.textContent = `${l.label} ${l.show(last[i])}`;
      return entry;
    }));
  }

  private make(): uPlot {
    const axis = { stroke: color("--text"), grid: { stroke: color("--grid"), width: 1 }, ticks: { stroke: color("--grid"), width: 1 }, font: "11px system-ui, sans-serif" };
    const values = axisValues[this.kind.unit];
    return new uPlot({
      ...this.size(),
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
      series: [{}, ...this.kind.lines.map((l) => ({ label: l.label, stroke: color(l.color), width: 1.5, spanGaps: false, // a second without requests has no latency
        points: { show: this.kind.unit === "seconds", size: 4, fill: color(l.color) } }))],
      axes: [{ ...axis, space: 70, size: 24, values: axisTimes }, { ...axis, size: 60, values, space: 26 }],
      plugins: [marking(this.marks)],
    }, this.data, this.place);
  }
}
