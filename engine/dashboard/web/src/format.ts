// How numbers and times are written.

export function seconds(s: number): string {
  if (s < 0.0005) return "0 ms";
  if (s < 0.9995) return `${(s * 1000).toPrecision(s < 0.1 ? 2 : 3)} ms`;
  if (s < 60) return `${s < 10 ? s.toFixed(1) : s.toFixed(0)} s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${Math.floor(s % 60)}s`;
  if (s < 86400) return `${Math.floor(s / 3600)}h${Math.floor((s % 3600) / 60)}m`;
  return `${Math.floor(s / 86400)}d${Math.floor((s % 86400) / 3600)}h`;
}

export function bytes(n: number): string {
  if (!n) return "–";
  return n < 1 << 30 ? `${Math.round(n / (1 << 20))} MiB` : `${(n / (1 << 30)).toFixed(1)} GiB`;
}

export function number(n: number | null | undefined): string {
  if (n === null || n === undefined || Number.isNaN(n)) return "–";
  if (n >= 10000) return `${(n / 1000).toFixed(n < 100000 ? 1 : 0)}k`;
  return n >= 100 || Number.isInteger(n) ? n.toFixed(0) : n.toPrecision(2);
}

export const clock = (at: string | Date): string => new Date(at).toLocaleTimeString([], { hour12: false });

/** How long ago a time was. Years before 1971 stand for no time. */
export function ago(at: string, now: number): string {
  const t = Date.parse(at);
  return t > 31_536_000_000 ? seconds(Math.max(0, (now - t) / 1000)) : "–";
}
