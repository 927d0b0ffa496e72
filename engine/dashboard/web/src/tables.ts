// What else the status says: limits, rate limits, certificates and buffers, if there are
// any.
import type { Status } from "./api";
import { byId, el } from "./dom";
import { bytes, number, seconds } from "./format";

/** A part of the status as a table, or nothing if it is empty. */
function table(title: string, heads: string[], rows: (string | number)[][]): Node[] {
  if (!rows.length) return [];
  const cell = (v: string | number, i: number) => (i === 0 ? el("th", { scope: "row" }, String(v)) : el("td", { class: typeof v === "number" ? "n" : "why" }, typeof v === "number" ? number(v) : v));
  return [el("h3", {}, title), el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": `Table of ${title.toLowerCase()}` }, el("table", {},
    el("thead", {}, el("tr", {}, ...heads.map((h) => el("th", { scope: "col" }, h)))),
    el("tbody", {}, ...rows.map((r) => el("tr", {}, ...r.map(cell))))))];
}

/** How many routes are shown: those with the most hits, in the order written. */
const mostRoutes = 200;

/** The routes, with how often each has taken a request. */
function routing(s: Status): Node[] {
  const all = s.routing?.routes ?? [];
  const least = all.length > mostRoutes ? [...all].sort((a, b) => b.hits - a.hits)[mostRoutes].hits : -1;
  const shown = all.filter((r) => r.hits > least).slice(0, mostRoutes);
  const left = all.length - shown.length + (s.routing?.more ?? 0);
  const rows: (string | number)[][] = shown.map((r) => [r.route, r.group, r.hits]);
  if (s.routing?.router) rows.push(["the router", "–", s.routing.router]);
  if (s.routing?.none) rows.push(["no route", "–", s.routing.none]);
  if (left) rows.push([`and ${left} more`, "–", "–"]);
  return table("Routes", ["Route", "Group", "Hits"], rows);
}

let before = "";

/** Shows the tables of a status. */
export function showTables(s: Status): void {
  const now = Date.parse(s.now);
  const parts = [
    ...routing(s),
    ...table("Limits of several groups", ["Limit", "In hand", "At most", "Waiting", "Groups"],
      (s.limits ?? []).map((l) => [l.name, l.in_hand, l.size, l.waiting, l.groups.join(", ")])),
    ...table("Rate limits", ["Of", "Route", "Limit", "Refused", "Keys"],
      (s.rate_limits ?? []).map((l) => [l.group ?? "LdConfig", l.route ?? "–", l.limit, l.refused, l.keys])),
    ...table("Certificates", ["Names", "From", "Expires", "Problem"], (s.certificates ?? []).map((c) => [
      (c.names ?? []).join(", ") || "–", c.from ?? "–",
      c.not_after ? `in ${seconds(Math.max(0, (Date.parse(c.not_after) - now) / 1000))}` : "–", [c.error, ...(c.problems ?? [])].filter(Boolean).join(", ") || "–"])),
    ...(s.buffers.memory || s.buffers.disk || s.buffers.no_disk ? table("Bodies that wait", ["Where", "Now", "At most"], [
      ["memory", bytes(s.buffers.memory), bytes(s.buffers.memory_limit)],
      ["files", s.buffers.no_disk ? `none: ${s.buffers.no_disk}` : bytes(s.buffers.disk), bytes(s.buffers.disk_limit)]]) : []),
  ];
  const text = parts.map((p) => p.textContent).join("\n");
  if (text === before) return; // what a reader has selected stays
  before = text;
  byId("tables").replaceChildren(...parts);
  byId("more").hidden = !parts.length;
}
