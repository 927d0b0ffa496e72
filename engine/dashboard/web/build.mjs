// Builds ../dist, which the program embeds with src/index.html: one script and one style
// sheet. The result is the same on every machine.
import { build } from "esbuild";
import { mkdir } from "node:fs/promises";

const out = process.argv[2] ?? "../dist";
await mkdir(out, { recursive: true });
await build({
  entryPoints: { app: "src/main.ts", style: "src/style.css" },
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "iife",
  target: ["es2022"],
  legalComments: "none",
  banner: { js: "/* ldcorn; with uPlot, (c) Leon Sorokin, MIT license */" },
  outdir: out,
});
