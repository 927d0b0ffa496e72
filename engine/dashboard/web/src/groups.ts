// The groups: a card for each, with its state, its plots and what can be done to it.
import type { Group, Status } from "./api";
import { actionsOf } from "./actions";
import { byId, el, Keyed, say } from "./dom";
import { number, seconds } from "./format";
import type { Past } from "./history";
import { kinds, type Mark, Plot } from "./plots";

class Card {
  readonly node: HTMLElement;
  private readonly state = el("p", { class: "state" });
  private readonly plots: Plot[];
  private readonly buttons = el("div", { class: "buttons" });
  private shown = "";

  constructor(readonly name: string, marks: () => Mark[]) {
    this.plots = kinds.map((k) => new Plot(name, k, marks));
    this.node = el("article", { class: "card", "aria-label": `Group ${name}` },
      el("h3", {}, name), this.state, el("div", { class: "plots" }, ...this.plots.map((p) => p.node)), this.buttons);
  }

  update(g: Group, actions: boolean): void {
    const parts = [`${g.ready} of ${g.instances} ready`, `${number(g.requests)} in hand`, `${number(g.queued)} waiting`];
    if (g.queued) parts.push(`the oldest for ${seconds(g.queue.oldest)}`);
    parts.push(g.cap ? `at most ${g.cap} a worker` : "no cap");
    if (g.held) parts.push("held");
    if (g.queue.overloaded) parts.push("overloaded: the newest request goes first");
    if (g.failed) parts.push("every worker has failed");
    if (g.pinned?.length) parts.push(`pinned: ${g.pinned.join(", ")} changed`);
    if (g.removed) parts.push("removed, draining");
    say(this.state, parts.join(" · "));
    this.node.classList.toggle("bad", g.mood === "bad");
    this.node.classList.toggle("warn", g.mood === "warn");
    const key = `${actions} ${g.held} ${g.instances} ${g.removed}`;
    if (key !== this.shown) {
      this.shown = key;
      this.buttons.replaceChildren(...(actions && !g.removed ? actionsOf(g) : []));
    }
  }

  draw(past: Past): void {
    const track = past.groups.get(this.name);
    if (!track) return;
    track.rows(past.step).forEach((rows, i) => this.plots[i].show([past.times, ...rows]));
  }

  renew(): void { this.plots.forEach((p) => p.renew()); }
}

export class Groups {
  private readonly cards = new Map<string, Card>();
  private readonly list: Keyed<Group, HTMLElement>;
  private actions = false;

  constructor(marks: (group: string) => Mark[]) {
    this.list = new Keyed(byId("group-list"), (g: Group) => g.name,
      (g) => {
        const card = new Card(g.name, () => marks(g.name));
        this.cards.set(g.name, card);
        return card.node;
      },
      (_node, g) => this.cards.get(g.name)!.update(g, this.actions));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.cards.forEach((c) => c.renew()));
  }

  show(status: Status, actions: boolean): void {
    this.actions = actions;
    this.list.show(status.groups ?? []);
    for (const name of this.cards.keys()) {
      if (!status.groups?.some((g) => g.name === name)) this.cards.delete(name);
    }
  }

  draw(past: Past): void {
    for (const card of this.cards.values()) card.draw(past);
  }
}
