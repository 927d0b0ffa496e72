// What can be done with the token and admin_actions: the plan is shown before a reload.
import { lines, post, Refused, type Group } from "./api";
import { byId, el } from "./dom";

let report: (text: string, bad?: boolean) => void = () => {};

/** Says where the outcome of actions goes. */
export function reportTo(to: typeof report): void { report = to; }

/** Asks for a confirmation. */
async function confirm(title: string, body: (Node | string)[], go: string): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>("confirm");
  byId("confirm-title").textContent = title;
  byId("confirm-body").replaceChildren(...body);
  byId("confirm-go").textContent = go;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "go"), { once: true }));
}

async function attempt(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (err) {
    report(`${what}: ${err instanceof Refused ? err.message : String(err)}`, true);
  }
}

const button = (text: string, label: string, work: () => void) => el("button", { type: "button", "aria-label": label, onclick: work }, text);

/** The buttons of a group. */
export function actionsOf(g: Group): Node[] {
  const path = `/v1/groups/${encodeURIComponent(g.name)}`;
  const verb = g.held ? "release" : "hold";
  return [
    button("Restart", `Restart the workers of ${g.name}`, () => void attempt(`restart ${g.name}`, async () => {
      if (!(await confirm(`Restart ${g.name}?`, [`Its ${g.instances} workers are replaced one after another. Requests that they have go on.`], "Restart"))) return;
      report(`restarting ${g.name}…`);
      await post(`${path}/restart`, {});
      report(`${g.name} is restarted`);
    })),
    button("Scale", `Scale ${g.name}`, () => void attempt(`scale ${g.name}`, async () => {
      const input = el("input", { type: "number", min: "1", max: "1024", value: String(g.instances), id: "scale-to" });
      if (!(await confirm(`Scale ${g.name}?`, [el("label", {}, "Workers until the next reload ", input)], "Scale"))) return;
      report(`scaling ${g.name}…`);
      await post(`${path}/scale`, { instances: Number(input.value) });
      report(`${g.name} has ${input.value} workers until the next reload`);
    })),
    button(g.held ? "Release" : "Hold", `${g.held ? "Release" : "Hold"} the requests of ${g.name}`, () => void attempt(`${verb} ${g.name}`, async () => {
      const text = g.held ? "Its waiting requests go on." : "Its requests wait in the queue until it is released.";
      if (!(await confirm(`${g.held ? "Release" : "Hold"} ${g.name}?`, [text], g.held ? "Release" : "Hold"))) return;
      await post(`${path}/${verb}`, {});
      report(g.held ? `${g.name} is released` : `${g.name} is held`);
    })),
  ];
}

/** The button that restarts one worker. */
export function restartOf(group: string, index: number): Node {
  const name = `${group}.${index}`;
  return button("Restart", `Restart the worker ${name}`, () => void attempt(`restart ${name}`, async () => {
    if (!(await confirm(`Restart ${name}?`, ["Its replacement starts first. Requests that it has go on."], "Restart"))) return;
    report(`restarting ${name}…`);
    await post(`/v1/groups/${encodeURIComponent(group)}/restart?worker=${index}`, {});
    report(`${name} is restarted`);
  }));
}

interface Change { name: string; before: string; after: string }
interface PlanGroup { name: string; action: string; reason: string; hint?: string; workers: { before: number; after: number; start: number; stop: number }; changes: Change[]; pinned: Change[] }
interface Plan {
  groups: PlanGroup[]; listeners: { address: string; action: string; reason?: string; changes: Change[] }[]; settings: Change[]; restart: Change[];
  diagnostics: { at: string; code: string; message: string }[]; processes: { before: number; after: number; peak: number };
}

const changed = (all: Change[], how = "") => all.map((c) => el("li", {}, `${c.name}: ${c.before} → ${c.after}${how}`));

/** The plan as a list, in the words of ldcorn plan. */
function shown(plan: Plan): Node[] {
  const groups = plan.groups.filter((g) => g.action !== "keep" || g.pinned.length);
  const listeners = plan.listeners.filter((l) => l.action !== "keep");
  const out: Node[] = [
    ...plan.diagnostics.map((d) => el("p", { class: "bad" }, `${d.at}: ${d.message}`)),
    el("ul", {}, ...groups.map((g) => el("li", {}, el("b", {}, `${g.action} ${g.name}`), `: ${g.reason}`,
      el("ul", {}, ...changed(g.changes), ...changed(g.pinned, ", once the group is replaced")))),
    ...listeners.map((l) => el("li", {}, el("b", {}, `${l.action} ${l.address}`), l.reason ? `: ${l.reason}` : "", el("ul", {}, ...changed(l.changes)))),
    ...changed(plan.settings), ...changed(plan.restart, ", only by a stop and a start of ldcorn")),
  ];
  const { before, after, peak } = plan.processes;
  out.push(el("p", { class: "quiet" }, `Processes: ${before} now, ${after} after, at most ${peak} in between.`));
  if (!groups.length && !listeners.length && !plan.settings.length && !plan.restart.length) out.unshift(el("p", {}, "Nothing would change."));
  return out;
}

/** The button that reloads the configuration, after its plan was shown. */
export function reloadButton(): HTMLElement {
  return button("Reload…", "Reload the configuration", () => void attempt("reload", async () => {
    const plan = (await (await post("/v1/plan", {})).json()) as Plan;
    if (!(await confirm("Reload the configuration?", shown(plan), "Reload"))) return;
    report("reloading…");
    // The master applies nothing but the plan that was shown.
    let failed = "";
    await lines(await post("/v1/reload", { plan }), (line) => {
      if (!line) return;
      const step = JSON.parse(line) as { event: string; group?: string; error?: string };
      if (step.event === "failed") failed = step.error ?? "it failed";
      else report(`reload: ${step.event}${step.group ? ` ${step.group}` : ""}`);
    });
    if (failed) report(`reload: ${failed}`, true);
    else report("the reload is complete");
  }));
}
