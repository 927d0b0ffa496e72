// The numbers of the plots: what the master has kept, and each new second.
import { get, type GroupHistory, type History, type Series } from "./api";

const columns = ["requests", "5xx", "refused", "failed", "p50", "p95", "p99", "wait_p95", "queued", "in_flight", "rss", "cpu"] as const;
type Column = (typeof columns)[number];

/** What a group did, one value for each time. */
export class Track {
  readonly values: Record<Column, Series>;
  removed = false;

  constructor(length: number) {
    this.values = Object.fromEntries(columns.map((c) => [c, new Array(length).fill(null)])) as Record<Column, Series>;
  }

  add(h: GroupHistory, points: number): void {
    this.removed = h.removed ?? false;
    for (const c of columns) for (let i = 0; i < points; i++) this.values[c].push(h[c][i] ?? null);
  }

  pad(n: number): void {
    for (const c of columns) for (let i = 0; i < n; i++) this.values[c].push(null);
  }

  cut(n: number): void {
    for (const c of columns) this.values[c].splice(0, n);
  }

  /** The rows of the plots, in the order of their kinds. */
  rows(step: number): Series[][] {
    const v = this.values;
    const rate = v.requests.map((n) => (n === null ? null : n / step));
    const errors = v.requests.map((_, i) => (v["5xx"][i] === null ? null : (v["5xx"][i]! ) / step));
    return [[rate, errors], [v.p50, v.p95, v.p99], [v.queued, v.in_flight], [v.wait_p95], [v.rss], [v.cpu]];
  }
}

export class Past {
  readonly times: number[] = [];
  readonly groups = new Map<string, Track>();
  step = 1;
  last = 0;
  private span = 900;
  private started = "";

  /** Reads a span of seconds anew. */
  async read(span: number): Promise<void> {
    const step = span > 900 ? 60 : 1;
    const h = await get<History>(`/history?since=${span}s&step=${step}s&workers=false`);
    this.times.length = 0;
    this.groups.clear();
    this.span = span;
    this.step = step;
    this.started = h.started;
    this.append(h);
  }

  /** Whether each new second belongs into the plots. */
  get live(): boolean { return this.step === 1; }

  /** Adds what a message has. It returns false if another master sent it. */
  add(h: History): boolean {
    if (h.started !== this.started) return false;
    if (this.live && h.last > this.last) this.append(h);
    return true;
  }

  private append(h: History): void {
    const end = Date.parse(h.end) / 1000;
    for (let i = 0; i < h.points; i++) this.times.push(end - (h.points - 1 - i) * h.step);
    const seen = new Set<string>();
    for (const g of h.groups) {
      seen.add(g.name);
      let track = this.groups.get(g.name);
      if (!track) this.groups.set(g.name, (track = new Track(this.times.length - h.points)));
      track.add(g, h.points);
    }
    for (const [name, track] of this.groups) if (!seen.has(name)) track.pad(h.points);
    this.last = h.last;
    const most = Math.ceil(this.span / this.step);
    if (this.times.length > most) {
      const n = this.times.length - most;
      this.times.splice(0, n);
      for (const track of this.groups.values()) track.cut(n);
    }
  }
}
