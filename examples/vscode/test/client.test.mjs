// These tests speak with `ldcorn lsp` as VS Code does: with its own client library.
// $LDCORN names the program.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transform } from "node:stream";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import protocol from "vscode-languageserver-protocol/node";

const { createProtocolConnection, StreamMessageReader, StreamMessageWriter } = protocol;

const entry = `load("pools.star", "web")

def route(req):
    return to("ml") if req.path == "/old" else None

config = LdConfig(
    router = route,
    workers = [
        web, # 😀
        WorkerGroup(name = "ml", app = "main:app", reload_on_sighub = False, routes = ["/ml"]),
    ],
)
`;

/** Starts a server for a folder with the configuration, and opens it. */
async function start(t, through = (stdin) => stdin) {
  const dir = await mkdtemp(join(tmpdir(), "ldcorn-"));
  t.after(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, "ldconfig.star"), entry);
  await writeFile(join(dir, "pools.star"), `web = WorkerGroup(name = "web", app = "main:app", routes = ["*", "/ml/fast"])\n`);
  const server = spawn(process.env.LDCORN ?? "ldcorn", ["lsp"], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => server.kill());
  const ended = once(server, "exit");
  const connection = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(through(server.stdin)));
  t.after(() => connection.dispose());
  const shown = new Map(); // the diagnostics, by URI
  let told = () => {};
  connection.onNotification("textDocument/publishDiagnostics", (p) => {
    shown.set(p.uri, p);
    told();
  });
  const registered = new Promise((resolve) =>
    connection.onRequest("client/registerCapability", (p) => {
      resolve(p.registrations[0].method);
      return null;
    }),
  );
  connection.listen();
  const uri = (name) => pathToFileURL(join(dir, name)).href;
  const e = {
    connection, ended, registered, uri,
    /** Waits until the diagnostics of a file hold. */
    async diagnostics(name, holds) {
      for (;;) {
        const p = shown.get(uri(name));
        if (p && holds(p.diagnostics)) {
          return p;
        }
        await new Promise((resolve) => (told = resolve));
      }
    },
    open: (name, text) => connection.sendNotification("textDocument/didOpen", { textDocument: { uri: uri(name), languageId: "ldcorn", version: 1, text } }),
    ask: (method, at) => connection.sendRequest(`textDocument/${method}`, { textDocument: { uri: uri("ldconfig.star") }, ...at }),
  };
  const capabilities = { workspace: { didChangeWatchedFiles: { dynamicRegistration: true } }, textDocument: {} };
  e.initialized = await connection.sendRequest("initialize", { processId: process.pid, rootUri: uri(""), capabilities });
  connection.sendNotification("initialized", {});
  return e;
}

/** Returns the position of a text in the configuration, and n characters further. */
function at(text, n = 0) {
  const offset = entry.indexOf(text);
  assert.ok(offset >= 0, text);
  const lines = entry.slice(0, offset + n).split("\n");
  return { line: lines.length - 1, character: lines.at(-1).length };
}

const wrong = (list) => list.length > 0;
const right = (list) => list.length === 0;

async function session(t, through) {
  const e = await start(t, through);
  assert.equal(e.initialized.capabilities.positionEncoding, "utf-16");
  assert.equal(await e.registered, "workspace/didChangeWatchedFiles");
  e.open("ldconfig.star", entry);

  const { diagnostics, version } = await e.diagnostics("ldconfig.star", wrong);
  const range = { start: at("reload_on_sighub"), end: at("reload_on_sighub", 16) };
  assert.equal(version, 1);
  assert.deepEqual(diagnostics.map((d) => [d.severity, d.code, d.range]), [[1, "L001", range]]);

  const [action] = await e.ask("codeAction", { range, context: { diagnostics } });
  const [edit] = action.edit.changes[e.uri("ldconfig.star")];
  assert.deepEqual(edit, { range, newText: "reload_on_sighup" });
  const change = { textDocument: { uri: e.uri("ldconfig.star"), version: 2 }, contentChanges: [{ range, text: edit.newText }] };
  e.connection.sendNotification("textDocument/didChange", change);
  await e.diagnostics("ldconfig.star", right);

  const hover = await e.ask("hover", { position: at(`"/ml"`, 1) });
  assert.match(hover.contents.value, /of group `ml` — tried 2nd of 3/);
  assert.match(hover.contents.value, /goes to ml, by "\/ml"/);
  assert.match((await e.ask("hover", { position: at("routes =") })).contents.value, /Argument of `WorkerGroup`/);

  const completion = await e.ask("completion", { position: at(`to("ml`, 4) });
  assert.deepEqual(completion.items.map((i) => i.label), ["web", "ml"]);
  const definition = await e.ask("definition", { position: at("web, #") });
  assert.equal(definition.uri, e.uri("pools.star"));
  const symbols = await e.ask("documentSymbol", {});
  assert.deepEqual(symbols.map((s) => s.name), ["route", "config"]);
  const edits = await e.ask("formatting", { options: { tabSize: 4, insertSpaces: true } });
  assert.deepEqual(edits.length, 1);

  // What is not saved counts.
  e.open("pools.star", `web = WorkerGroup(nam = "web", app = "main:app")\n`);
  assert.match((await e.diagnostics("pools.star", wrong)).diagnostics[0].message, /`nam`/);

  await assert.rejects(e.connection.sendRequest("workspace/symbol", { query: "" }), { code: -32601 });
  await e.connection.sendRequest("shutdown");
  e.connection.sendNotification("exit");
  assert.deepEqual(await e.ended, [0, null]);
}

test("a session", (t) => session(t));

test("a session in single bytes", (t) =>
  session(t, (stdin) => {
    const cut = new Transform({
      transform(chunk, _, done) {
        for (const byte of chunk) {
          this.push(Buffer.of(byte));
        }
        done();
      },
    });
    cut.pipe(stdin);
    return cut;
  }));

test("exit without shutdown", async (t) => {
  const e = await start(t);
  e.connection.sendNotification("exit");
  const [code] = await e.ended;
  assert.equal(code, 1);
});
