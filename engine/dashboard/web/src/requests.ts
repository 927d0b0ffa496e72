// What needs the token: the requests in hand, and why a request goes where it goes.
import { get, type Incident, post, Refused, type Request } from "./api";
import { byId, el, say } from "./dom";
import { seconds } from "./format";

export class Requests {
  all: Request[] = [];
  incidents: Incident[] = [];
  private readonly filter = byId<HTMLInputElement>("request-filter");
  private total = 0;

  constructor() {
    this.filter.addEventListener("input", () => this.draw());
  }

  async read(): Promise<void> {
    const answer = await get<{ total: number; requests: Request[]; incidents?: Incident[] }>("/v1/requests?limit=200");
    this.all = answer.requests;
    this.total = answer.total;
    this.incidents = answer.incidents ?? [];
    this.draw();
  }

  private draw(): void {
    const want = this.filter.value.toLowerCase();
    const shown = this.all.filter((r) => !want || [r.path, r.group, r.client, r.id, r.method, r.stage].some((t) => t?.toLowerCase().includes(want)));
    say(byId("request-total"), this.total === 0 ? "No request is in hand." :
      `${this.total} in hand; the oldest first${shown.length < this.total ? `, ${shown.length} shown` : ""}.`);
    byId("request-list").querySelector("tbody")!.replaceChildren(...shown.slice(0, 100).map((r) => el("tr", {},
      el("td", { class: `n${r.age > 5 ? " bad" : ""}` }, seconds(r.age)), el("td", {}, r.stage),
      el("td", {}, r.static ?? (r.group ? `${r.group}${r.worker === undefined ? "" : `.${r.worker}`}` : "–")),
      el("td", { class: "n" }, r.queued ? seconds(r.queued) : "–"), el("td", {}, r.method), el("td", { class: "path" }, r.path),
      el("td", {}, r.client ?? "–"), el("td", {}, r.id))));
  }
}

interface Rule { route: string; group: string; at?: string; matched: boolean; why?: string }
interface Explanation { request: string; refused?: string; rules: Rule[]; group?: string; status?: number; location?: string;
  router?: { name: string; decided: boolean; error?: string }; probe?: string }

/** Makes the form answer which rule takes a request. */
export function explaining(): void {
  byId<HTMLFormElement>("explain").addEventListener("submit", async (e) => {
    e.preventDefault();
    const place = byId("explained");
    const headers = byId<HTMLInputElement>("explain-headers").value.split(";").map((h) => h.trim()).filter(Boolean).map((h) => {
      const at = h.indexOf(":");
      return { name: at < 0 ? h : h.slice(0, at).trim(), value: at < 0 ? "" : h.slice(at + 1).trim() };
    });
    try {
      const answer = await post("/v1/explain", { line: byId<HTMLInputElement>("explain-line").value, headers, client_ip: "" });
      show(place, (await answer.json()) as Explanation);
    } catch (err) {
      place.replaceChildren(el("p", { class: "bad" }, err instanceof Refused ? err.message : String(err)));
    }
  });
}

function show(place: HTMLElement, x: Explanation): void {
  const outcome = x.refused ? `refused: ${x.refused}` : x.probe ? `ldcorn itself answers: it is ${x.probe}` :
    x.status ? `ldcorn answers ${x.status}${x.location ? ` to ${x.location}` : ""}` : `goes to ${x.group}`;
  place.replaceChildren(el("p", {}, el("b", {}, outcome)),
    x.router ? el("p", {}, `The router ${x.router.name} ${x.router.error ? `failed: ${x.router.error}` : x.router.decided ? "decided." : "left it to the routes."}`) : "",
    el("ol", {}, ...x.rules.map((r) => el("li", { class: r.matched ? "good" : "quiet" }, el("code", {}, r.route), ` → ${r.group}`,
      r.matched ? " takes it" : `: ${r.why ?? "does not match"}`))));
}
