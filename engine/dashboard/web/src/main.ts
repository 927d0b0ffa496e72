// The dashboard: it reads the status and the history, and follows the live stream.
import { type Access, follow, get, hasToken, type Live, Refused, type Status, useToken } from "./api";
import { reloadButton, reportTo } from "./actions";
import { byId, el, say } from "./dom";
import { Events } from "./events";
import { ago, bytes, seconds } from "./format";
import { Groups } from "./groups";
import { Incidents } from "./incidents";
import { Past } from "./history";
import { explaining, Requests } from "./requests";
import { showTables } from "./tables";
import { Tail } from "./tail";
import { Workers } from "./workers";

const events = new Events();
const groups = new Groups((group) => events.marks(group));
const workers = new Workers();
const requests = new Requests();
const incidents = new Incidents();
const past = new Past();
const span = byId<HTMLSelectElement>("span");
let access: Access = { version: "", token: false, private: false, actions: false, event_moods: {} };
let status: Status | null = null;

function notice(text: string, bad = false): void {
  const node = el("p", { class: bad ? "bad" : "" }, text);
  byId("notices").replaceChildren(node);
  if (!bad) setTimeout(() => node.remove(), 15_000);
}

function showMaster(s: Status): void {
  const now = Date.parse(s.now);
  say(byId("version"), s.version);
  const parts = [s.config, `generation ${s.generation}`, `pid ${s.pid}`, `up ${ago(s.started, now)}`, bytes(s.rss)];
  if (s.running) parts.push(`${s.running.what === "scale" ? `scaling ${s.running.group ?? ""}` : "reloading"} for ${ago(s.running.since, now)}${s.running.reason ? `: ${s.running.reason}` : ""}`);
  if (s.last_reload?.error) parts.push(`the last reload failed ${ago(s.last_reload.at, now)} ago: ${s.last_reload.error}`);
  say(byId("master"), parts.join(" · "));
  byId("master").classList.toggle("bad", Boolean(s.last_reload?.error));
  document.title = `ldcorn: ${s.config.split("/").pop()}`;
}

async function refresh(): Promise<void> {
  status = await get<Status>("/v1/status");
  if (access.private) await requests.read();
  showMaster(status);
  incidents.show(access.private ? requests.incidents : status.incidents ?? [], Date.parse(status.now));
  groups.show(status, access.actions);
  workers.show(status, requests.all, access.actions);
  events.groups(status);
  showTables(status);
}

async function readAccess(): Promise<void> {
  access = await get<Access>("/v1/access");
  events.judge(access.event_moods);
  byId("private").hidden = !access.private;
  byId("token").hidden = access.private || !access.token;
  say(byId("token-note"), hasToken() && !access.private ? "this is not the token" : "");
  byId("reload-place").replaceChildren(...(access.actions ? [reloadButton()] : []));
}

async function readPast(): Promise<void> {
  await past.read(Number(span.value));
  groups.draw(past);
}

function take(live: Live): void {
  events.add(live.events ?? []);
  if (access.private && live.events?.length) void events.readWords();
  if (!past.add(live.history)) {
    events.clear();
    void readPast();
  }
  groups.draw(past);
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Follows the stream for as long as the page is open. */
async function stayLive(): Promise<never> {
  for (let wait = 500; ; wait = Math.min(wait * 2, 10_000)) {
    const end = new AbortController();
    try {
      await readAccess();
      await refresh();
      await readPast();
      await follow(past.live ? past.last : 0, (live) => {
        wait = 500;
        say(byId("link"), "");
        take(live);
      }, end.signal);
    } catch (err) {
      say(byId("link"), err instanceof Refused ? err.message : `ldcorn does not answer; trying again every ${seconds(wait / 1000)}`);
    }
    end.abort();
    await pause(wait);
  }
}

async function poll(): Promise<never> {
  for (;;) {
    await pause(document.hidden ? 10_000 : 1000);
    await refresh().catch(() => {}); // stayLive says so
  }
}

span.addEventListener("change", () => void readPast());
setInterval(() => { if (!past.live) void readPast(); }, 60_000);
byId<HTMLFormElement>("token").addEventListener("submit", (e) => {
  e.preventDefault();
  useToken(byId<HTMLInputElement>("token-value").value);
  byId<HTMLInputElement>("token-value").value = "";
  void readAccess().then(refresh);
});
reportTo(notice);
explaining();
new Tail();
void stayLive();
void poll();
