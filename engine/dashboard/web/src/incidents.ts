// What is wrong, as the master judges it, with the cause.
import type { Incident } from "./api";
import { byId, el, Keyed, say } from "./dom";
import { ago } from "./format";

interface Item { incident: Incident; now: number }

const subject = (i: Incident): string => (i.worker === undefined ? i.group : `${i.group}.${i.worker}`);

const keyOf = ({ incident: i }: Item): string => `${i.kind} ${subject(i)} ${i.pid ?? ""}`;

/** The facts after the cause, with their names. */
function facts(i: Incident): [string, string][] {
  const all: [string, string | undefined][] = [["Requests", i.requests], ["Last words", i.words], ["Before", i.change], ["Do", i.advice]];
  return all.filter((f): f is [string, string] => Boolean(f[1]));
}

export class Incidents {
  private readonly list = new Keyed<Item, HTMLLIElement>(byId("incident-list"), keyOf,
    () => el("li", {}, el("h3"), el("p"), el("dl")), (node, item) => this.update(node, item));

  show(all: Incident[], now: number): void {
    byId("incidents").hidden = !all.length;
    // Only this is announced, when it changes: the rest changes each second.
    say(byId("incident-summary"), all.map((i) => `${subject(i)}: ${i.title}`).join(" · "));
    this.list.show(all.map((incident) => ({ incident, now })));
  }

  private update(node: HTMLLIElement, { incident: i, now }: Item): void {
    node.className = `incident ${i.mood}`;
    const [title, cause, list] = node.children as unknown as HTMLElement[];
    say(title, `${subject(i)}: ${i.title} for ${ago(i.since, now)}`);
    say(cause, i.cause);
    const pairs = facts(i);
    if (list.children.length !== 2 * pairs.length) {
      list.replaceChildren(...pairs.flatMap(() => [el("dt"), el("dd")]));
    }
    pairs.flat().forEach((text, n) => say(list.children[n] as HTMLElement, text));
  }
}
