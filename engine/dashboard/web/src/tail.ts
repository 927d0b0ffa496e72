// The requests as they end, with filters. They are read only while the list is open.
import { ask, lines } from "./api";
import { byId, el, say } from "./dom";
import { clock, seconds } from "./format";

interface Ended {
  time: string; status: number; method?: string; path?: string; group?: string; worker?: number; client?: string; took: number;
  queued?: number; id?: string; kind?: string; reason?: string; lost?: number;
}

const most = 200;

interface Column { title: string; numbers?: boolean; cell: (r: Ended) => HTMLElement }

const wide: Column[] = [
  { title: "Time", cell: (r) => el("td", {}, clock(r.time)) },
  { title: "Status", cell: (r) => el("td", { class: r.status >= 500 ? "bad" : "" }, String(r.status)) },
  { title: "Took", numbers: true, cell: (r) => el("td", { class: "n" }, seconds(r.took)) },
  { title: "Queued", numbers: true, cell: (r) => el("td", { class: "n" }, r.queued ? seconds(r.queued) : "–") },
  { title: "Worker", cell: (r) => el("td", {}, r.group ? `${r.group}${r.worker === undefined ? "" : `.${r.worker}`}` : "–") },
  { title: "Method", cell: (r) => el("td", {}, r.method ?? "–") },
  { title: "Path", cell: (r) => el("td", { class: "path" }, r.path ?? "–") },
  { title: "Client", cell: (r) => el("td", {}, r.client ?? "–") },
  { title: "Fault", cell: (r) => el("td", { class: "why" }, [r.kind, r.reason].filter(Boolean).join(": ")) },
];

/** Where there is room for few columns, those come first that say which request it was. */
const onPhone = ["Path", "Status", "Took", ...wide.map((c) => c.title)].filter((t, i, all) => all.indexOf(t) === i).map((t) => wide.find((c) => c.title === t)!);
const narrow = matchMedia("(max-width: 40rem)");

export class Tail {
  private all: Ended[] = [];
  private lost = 0;
  private end: AbortController | null = null;
  private stale = false;
  private readonly details = byId<HTMLDetailsElement>("tail");
  private readonly status = byId<HTMLSelectElement>("tail-status");
  private readonly took = byId<HTMLSelectElement>("tail-took");
  private readonly text = byId<HTMLInputElement>("tail-text");

  constructor() {
    this.details.addEventListener("toggle", () => this.start());
    for (const s of [this.status, this.took]) s.addEventListener("change", () => this.start());
    this.text.addEventListener("input", () => this.draw());
    narrow.addEventListener("change", () => this.draw());
    setInterval(() => { if (this.stale) this.draw(); }, 250);
  }

  /** Reads with the filters as they are now, or stops if the list is closed. */
  private start(): void {
    this.end?.abort();
    this.end = null;
    if (!this.details.open) return;
    this.all = [];
    this.lost = 0;
    this.draw();
    this.end = new AbortController();
    void this.read(this.end.signal);
  }

  private async read(signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams();
    if (this.status.value) query.set("status", this.status.value);
    if (this.took.value) query.set("took", this.took.value);
    try {
      await lines(await ask(`/v1/requests/ended?${query}`, { signal }), (line) => {
        if (!line) return;
        const r = JSON.parse(line) as Ended;
        if (r.lost) this.lost += r.lost;
        else this.all = [r, ...this.all].slice(0, most);
        this.stale = true;
      });
      say(byId("tail-note"), "the stream has ended; close and open the list to go on");
    } catch (err) {
      if (!signal.aborted) say(byId("tail-note"), String(err));
    }
  }

  private draw(): void {
    this.stale = false;
    const want = this.text.value.toLowerCase();
    const shown = this.all.filter((r) => !want || [r.path, r.group, r.client, r.id, r.method, r.kind].some((t) => t?.toLowerCase().includes(want)));
    say(byId("tail-note"), this.lost ? `${this.lost} requests came too fast to be shown` : shown.length ? "" : "waiting for requests");
    const columns = narrow.matches ? onPhone : wide;
    const list = byId("tail-list");
    list.querySelector("thead")!.replaceChildren(el("tr", {}, ...columns.map((c) => el("th", { scope: "col", class: c.numbers ? "n" : "" }, c.title))));
    list.querySelector("tbody")!.replaceChildren(...shown.slice(0, 100).map((r) => el("tr", {}, ...columns.map((c) => c.cell(r)))));
  }
}
