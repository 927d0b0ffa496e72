// The pages of the admin listener that the dashboard reads.

export interface Access { version: string; token: boolean; private: boolean; actions: boolean; event_moods: Record<string, Mood> }

/** How good something is, as the master judges it. */
export type Mood = "good" | "warn" | "bad" | "";

/** Something that is wrong. What clients and workers wrote is there only with the token. */
export interface Incident {
  kind: string; mood: Mood; group: string; worker?: number; pid?: number; since: string; title: string; cause: string;
  change?: string; advice: string; requests?: string; words?: string;
}

export interface Worker {
  index: number; pid: number; state: string; new?: boolean; since: string; requests: number; websockets: number;
  served: number; restarts: number; last_exit: string; rss: number; cpu: number; mood?: Mood;
}

export interface Group {
  name: string; app: string; instances: number; ready: number; cap: number; queued: number; requests: number;
  held: boolean; failed: boolean; removed: boolean; mood?: Mood; pinned?: string[]; queue: { overloaded: boolean; oldest: number };
  workers: Worker[] | null;
}

export interface Certificate { names: string[]; from: string; not_after?: string; problems: string[] | null; error?: string }

export interface Status {
  version: string; now: string; pid: number; started: string; config: string; generation: number; rss: number; cpu: number;
  groups: Group[] | null; last_reload: { at: string; error: string } | null;
  running?: { what: string; group?: string; since: string; waits?: string[]; reason?: string };
  routing?: { routes: { group: string; route: string; hits: number }[]; more?: number; router: number; none: number };
  certificates: Certificate[] | null; incidents?: Incident[];
  limits?: { name: string; size: number; in_hand: number; waiting: number; groups: string[] }[];
  rate_limits: { group?: string; route?: string; limit: string; refused: number; keys: number }[] | null;
  buffers: { memory: number; memory_limit: number; disk: number; disk_limit: number; no_disk?: string };
}

export type Series = (number | null)[];

export interface GroupHistory {
  name: string; removed?: boolean; requests: Series; "5xx": Series; refused: Series; failed: Series;
  p50: Series; p95: Series; p99: Series; wait_p95: Series; queued: Series; in_flight: Series; rss: Series; cpu: Series;
}

export interface History { started: string; step: number; points: number; last: number; end: string; groups: GroupHistory[] }

export interface Event {
  number: number; at: string; event: string; group?: string; worker?: number; pid?: number; reason?: string; stderr?: string[];
}

export interface Live { history: History; events: Event[] | null; lost?: number }

export interface Request {
  id: string; method: string; path: string; client?: string; group?: string; static?: string; worker?: number; stage: string;
  age: number; queued: number;
}

/** Why the master did not do what it was asked, in its own words. */
export class Refused extends Error {
  constructor(readonly status: number, message: string) { super(message); }
}

let token = sessionStorage.getItem("ldcorn-token") ?? "";

/** Uses another token from now on, until the tab is closed. */
export function useToken(value: string): void {
  token = value;
  sessionStorage.setItem("ldcorn-token", value);
}

export const hasToken = (): boolean => token !== "";

export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  const answer = await fetch(path, { ...init, headers, cache: "no-store", credentials: "omit", redirect: "error" });
  if (answer.ok) return answer;
  const text = await answer.text();
  let reason = text.trim();
  try {
    reason = (JSON.parse(text) as { error?: string }).error ?? reason;
  } catch { /* it is plain text */ }
  throw new Refused(answer.status, reason || answer.statusText);
}

export async function get<T>(path: string): Promise<T> {
  return (await ask(path)).json() as Promise<T>;
}

export async function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return ask(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, signal });
}

/** Calls take for each line of a text that comes in pieces. */
export async function lines(answer: Response, take: (line: string) => void): Promise<void> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop()!;
    parts.forEach(take);
  }
  if (rest) take(rest);
}

/** Follows the live stream until it ends. It is read by fetch, because EventSource cannot send a token. */
export async function follow(after: number, take: (live: Live) => void, signal: AbortSignal): Promise<void> {
  const answer = await ask(`/live?workers=false&events=200${after ? `&after=${after}` : ""}`, { signal });
  await lines(answer, (line) => {
    if (line.startsWith("data:")) take(JSON.parse(line.slice(5)) as Live);
  });
}
