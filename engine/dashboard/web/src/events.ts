// The events: as a list, and as marks in the plots.
import { ask, type Event, lines, type Mood, type Status } from "./api";
import { byId, el } from "./dom";
import { clock } from "./format";
import type { Mark } from "./plots";

const most = 500;
// Whether an event has a mark. A kind that a newer master adds has one if it is bad.
const marked: Record<string, boolean> = {
  starting: false, ready: false, draining: false, stopping: false, exited: false,
  start_failed: true, crashed: true, failed: true, recycled: true, kept: true,
  applied: true, held: true, released: true, overloaded: true, relieved: true, slow: false,
  reloading: false, reloaded: true, refused: true, reload_failed: true, before_start: false, before_start_failed: true,
  certificate: true, certificate_warning: true, certificate_failed: true, certificate_recovered: true,
  leaving: true, shutdown: true, stopped: false,
  incident: true, incident_over: true, log_level: false, access_log: false, hook: false, hook_failed: false,
};
const quiet = new Set(["starting", "draining", "stopping", "exited"]);

const subject = (e: Event): string => (e.group === undefined ? "master" : e.worker === undefined ? e.group : `${e.group}.${e.worker}`);

export class Events {
  private all: Event[] = [];
  private moods: Record<string, Mood> = {};
  private words = new Map<number, string[]>();
  private readonly group = byId<HTMLSelectElement>("event-group");
  private readonly every = byId<HTMLInputElement>("event-all");

  constructor() {
    for (const input of [this.group, this.every]) input.addEventListener("change", () => this.draw());
  }

  /** Takes how good the master says that events are. */
  judge(moods: Record<string, Mood>): void { this.moods = moods; }

  private bad(e: Event): boolean { return this.moods[e.event] === "bad"; }

  add(events: Event[]): void {
    const last = this.all.at(-1)?.number ?? 0;
    const next = events.filter((e) => e.number > last);
    if (!next.length) return;
    this.all = [...this.all, ...next].slice(-most);
    this.draw();
  }

  /** Forgets the events of another master. */
  clear(): void {
    this.all = [];
    this.words.clear();
  }

  /** Offers the groups of a status to choose from. */
  groups(status: Status): void {
    const names = (status.groups ?? []).map((g) => g.name);
    const have = [...this.group.options].slice(1).map((o) => o.value);
    if (names.join("\n") === have.join("\n")) return;
    const chosen = this.group.value;
    this.group.replaceChildren(el("option", { value: "" }, "everything"), ...names.map((n) => el("option", { value: n }, n)));
    this.group.value = names.includes(chosen) ? chosen : "";
  }

  /** The marks of a group: its own events, and those of the master. */
  marks(group: string): Mark[] {
    return this.all.filter((e) => (marked[e.event] ?? this.bad(e)) && (e.group === undefined || e.group === group))
      .map((e) => ({ at: Date.parse(e.at) / 1000, bad: this.bad(e), text: `${subject(e)} ${e.event}` }));
  }

  /** Reads what workers wrote before they ended, with the token. */
  async readWords(): Promise<void> {
    await lines(await ask("/v1/events?lines=500&follow=false"), (line) => {
      if (!line) return;
      const e = JSON.parse(line) as Event;
      if (e.stderr?.length) this.words.set(e.number, e.stderr);
    });
    this.draw();
  }

  private draw(): void {
    const body = byId("event-list").querySelector("tbody")!;
    const shown = this.all.filter((e) => (this.every.checked || !quiet.has(e.event)) && (!this.group.value || e.group === this.group.value));
    body.replaceChildren(...shown.slice(-100).reverse().map((e) => {
      const words = this.words.get(e.number);
      const reason = el("td", { class: "why" }, e.reason ?? "");
      if (words) reason.append(el("details", {}, el("summary", {}, "last words"), el("pre", {}, words.join("\n"))));
      return el("tr", {}, el("td", {}, el("time", { datetime: e.at }, clock(e.at))), el("td", {}, subject(e)),
        el("td", { class: this.moods[e.event] ?? "" }, e.event.replaceAll("_", " ")), reason);
    }));
    if (!shown.length) body.replaceChildren(el("tr", {}, el("td", { colspan: "4", class: "quiet" }, "none yet")));
  }
}
