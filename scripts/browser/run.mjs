// run.mjs runs a script that drives Chromium with Playwright:
//
//	LDCORN_TEST_BROWSER=/usr/bin/chromium node run.mjs [--ca=FILE] SCRIPT [ARGUMENT...]
//
// scripts/get-chromium installs what it needs. With --ca, the browser trusts the
// authority in the file. Its profile and home are new, and are removed at the end.
//
// SCRIPT is a module. Its default export is an async function, which gets an object:
//
//	page     an open page, in a context without cookies and with an empty cache
//	context  its context
//	browser  its browser, for more contexts
//	args     the arguments
//	run      await run(COMMAND, ARGUMENT...) runs a program and returns its output
//	until    await until(WHAT, CONDITION) waits until an async function returns something
//	         that is true, and returns it
//	allow    allow(PATTERN) says which problems are none
//	require  requires a package that is installed beside this file
//
// What the script prints with console.log is the result. The run fails if the script
// throws, or if a page has a problem: an error that it throws or writes on its console,
// a request that fails, a crash. SIGTERM ends the run as a failure. Every failure shows
// the problems and where each page is.
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs, promisify } from "node:util";

import { chromium } from "playwright-core";

// Limits every wait, as harness.Patience does in the tests.
const patience = 90_000; // milliseconds

const problems = [];
const allowed = [];

// watch collects the problems of all pages of a context.
function watch(context) {
	context.setDefaultTimeout(patience);
	context.on("console", (m) => m.type() === "error" && problems.push(`console: ${m.text()} (${m.location().url})`));
	context.on("weberror", (e) => problems.push(`page: ${e.error().stack}`));
	context.on("requestfailed", (r) => problems.push(`request: ${r.method()} ${r.url()}: ${r.failure()?.errorText}`));
	context.on("page", (page) => page.on("crash", () => problems.push(`crash: ${page.url()}`)));
	return context;
}

const unexpected = () => problems.filter((p) => !allowed.some((pattern) => pattern.test(p)));

async function run(command, ...args) {
	try {
		return (await promisify(execFile)(command, args, { timeout: patience })).stdout;
	} catch (err) {
		throw new Error(`${command} ${args.join(" ")}: ${err.code ?? err.signal}\n${err.stdout}${err.stderr}`);
	}
}

async function until(what, condition) {
	for (const end = Date.now() + patience; ; await sleep(20)) {
		const got = await condition();
		if (got) return got;
		if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
	}
}

// makeHome makes the home of a browser that trusts the given authority.
function makeHome(ca) {
	const home = mkdtempSync(join(tmpdir(), "browser"));
	if (ca) {
		const store = join(home, ".pki", "nssdb");
		mkdirSync(store, { recursive: true });
		execFileSync("certutil", ["-d", `sql:${store}`, "-N", "--empty-password"]);
		execFileSync("certutil", ["-d", `sql:${store}`, "-A", "-n", "test", "-t", "C,,", "-i", ca]);
	}
	return home;
}

async function launch(home) {
	return chromium.launch({
		executablePath: process.env.LDCORN_TEST_BROWSER,
		chromiumSandbox: process.getuid() !== 0, // root cannot have the sandbox
		env: { ...process.env, HOME: home },
		handleSIGTERM: false,
		timeout: patience,
	});
}

async function main() {
	const { values, positionals } = parseArgs({ options: { ca: { type: "string" } }, allowPositionals: true });
	const [script, ...args] = positionals;
	const home = makeHome(values.ca);
	let browser;
	try {
		const test = (await import(pathToFileURL(resolve(script)))).default;
		browser = await launch(home);
		const newContext = browser.newContext.bind(browser);
		browser.newContext = async (options) => watch(await newContext(options));
		const context = await browser.newContext();
		const stopped = new Promise((_, reject) => {
			process.once("SIGTERM", () => reject(new Error("the time is over")));
			browser.once("disconnected", () => reject(new Error("the browser has ended")));
		});
		stopped.catch(() => {}); // the browser ends in any case
		const page = await context.newPage();
		const allow = (pattern) => allowed.push(pattern);
		const require = createRequire(import.meta.url);
		await Promise.race([test({ page, context, browser, args, run, until, allow, require }), stopped]);
		if (unexpected().length > 0) throw new Error("the pages have problems");
	} catch (err) {
		process.exitCode = 1;
		console.error(err.stack);
		for (const p of unexpected()) console.error(`problem: ${p}`);
		for (const c of browser?.contexts() ?? []) for (const p of c.pages()) console.error(`a page is at ${p.url()}`);
	} finally {
		await browser?.close();
		rmSync(home, { recursive: true, force: true, maxRetries: 5 });
	}
}

await main();
process.exit(); // even if the script still waits for something
