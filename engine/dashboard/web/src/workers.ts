// The workers as a grid, which shows two hundred of them at once.
import { restartOf } from "./actions";
import type { Request, Status, Worker } from "./api";
import { byId, el, Keyed, say } from "./dom";
import { ago, bytes, number, seconds } from "./format";

interface Cell { group: string; cap: number; worker: Worker; now: number; request?: Request; cpu: number }

const keyOf = (c: Cell): string => `${c.group}.${c.worker.index}.${c.worker.pid}.${c.worker.new ?? false}`;

function textOf(c: Cell): string {
  const w = c.worker;
  const load = c.cap ? `${w.requests}/${c.cap}` : `${w.requests}`;
  return `${w.state}${w.new ? " (new)" : ""}, ${load} in hand${w.websockets ? `, ${w.websockets} websockets` : ""}, ${bytes(w.rss)}`;
}

export class Workers {
  private readonly grid: Keyed<Cell, HTMLLIElement>;
  private cells: Cell[] = [];
  private chosen = "";
  private acting = false;
  private detailed = ""; // what the detail shows, but for its facts
  private removed = new Set<string>();
  private before = new Map<string, { at: number; cpu: number }>();
  private readonly filter = byId<HTMLSelectElement>("worker-filter");
  private readonly sort = byId<HTMLSelectElement>("worker-sort");

  constructor() {
    this.grid = new Keyed(byId("worker-grid"), keyOf, (c) => {
      const key = keyOf(c);
      return el("li", {}, el("button", { type: "button", "aria-pressed": "false", onclick: () => this.choose(key) },
        el("b"), el("span", { class: "load" }), el("span", { class: "more" })));
    }, (node, c) => this.update(node, c));
    for (const s of [this.filter, this.sort]) s.addEventListener("change", () => this.draw());
  }

  /** Shows the workers of a status. The requests in hand are those that are known, or none. */
  show(status: Status, requests: Request[], actions: boolean): void {
    this.acting = actions;
    this.removed = new Set((status.groups ?? []).filter((g) => g.removed).map((g) => g.name));
    const now = Date.parse(status.now);
    const oldest = new Map<string, Request>();
    for (const r of requests) {
      const key = `${r.group}.${r.worker}`;
      if (r.worker !== undefined && (oldest.get(key)?.age ?? -1) < r.age) oldest.set(key, r);
    }
    const seen = new Map<string, { at: number; cpu: number }>();
    this.cells = (status.groups ?? []).flatMap((g) => (g.workers ?? []).map((worker) => {
      const key = `${g.name}.${worker.pid}`;
      const was = this.before.get(key);
      seen.set(key, { at: now, cpu: worker.cpu });
      const cpu = was && now > was.at ? Math.max(0, (worker.cpu - was.cpu) / ((now - was.at) / 1000)) : 0;
      return { group: g.name, cap: g.cap, worker, now, request: oldest.get(`${g.name}.${worker.index}`), cpu };
    }));
    this.before = seen;
    this.draw();
  }

  private draw(): void {
    const wanted = this.cells.filter((c) => this.filter.value === "" ||
      (this.filter.value === "busy" ? c.worker.requests + c.worker.websockets > 0 : c.worker.state !== "ready"));
    const value = (c: Cell): number => {
      switch (this.sort.value) {
        case "rss": return -c.worker.rss;
        case "cpu": return -c.cpu;
        case "requests": return -c.worker.requests;
        case "age": return Date.parse(c.worker.since);
        default: return 0; // a sort keeps the order of equal ones
      }
    };
    this.grid.show([...wanted].sort((a, b) => value(a) - value(b)));
    this.detail();
  }

  private update(node: HTMLLIElement, c: Cell): void {
    const w = c.worker;
    node.className = w.mood === "good" ? "" : w.mood ?? "";
    const button = node.firstElementChild as HTMLButtonElement;
    const [name, load, more] = button.children as unknown as HTMLElement[];
    say(name, `${c.group}.${w.index}`);
    say(load, c.cap ? `${w.requests}/${c.cap}` : `${w.requests}`);
    say(more, w.state === "ready" ? (c.request && c.request.age > 1 ? seconds(c.request.age) : bytes(w.rss)) : w.state);
    button.setAttribute("aria-label", `Worker ${c.group}.${w.index}: ${textOf(c)}`);
    button.setAttribute("aria-pressed", String(keyOf(c) === this.chosen));
    const full = c.cap > 0 ? Math.min(w.requests / c.cap, 1) : Math.min(w.requests, 1);
    button.style.setProperty("--full", `${Math.round(full * 100)}%`);
  }

  private choose(key: string): void {
    this.chosen = this.chosen === key ? "" : key;
    this.draw();
  }

  private detail(): void {
    const place = byId("worker-detail");
    const c = this.cells.find((x) => keyOf(x) === this.chosen);
    if (!c) {
      if (place.firstChild) place.replaceChildren();
      this.detailed = "";
      return;
    }
    const w = c.worker;
    const facts: [string, string][] = [
      ["Process", w.pid ? `${w.pid}` : "none"], ["State", `${w.state} for ${ago(w.since, c.now)}`], ["In hand", textOf(c)],
      ["Served", number(w.served)], ["Processor", `${c.cpu.toFixed(2)} of one`], ["Restarts", `${w.restarts}`],
      ["Last exit", w.last_exit || "–"],
    ];
    if (c.request) facts.push(["Oldest request", `${c.request.method} ${c.request.path}, ${c.request.stage} for ${seconds(c.request.age)}, id ${c.request.id}`]);
    const list = el("dl", {}, ...facts.flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)]));
    const acting = this.acting && !this.removed.has(c.group);
    const key = `${this.chosen} ${acting}`;
    if (key === this.detailed) { // the button keeps the focus
      place.querySelector("dl")!.replaceWith(list);
      return;
    }
    this.detailed = key;
    place.replaceChildren(el("h3", {}, `${c.group}.${w.index}`), list,
      ...(acting ? [el("div", { class: "buttons" }, restartOf(c.group, w.index))] : []));
  }
}
