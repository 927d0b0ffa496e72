// The extension starts `ldcorn lsp`, which does the work.
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  context.subscriptions.push(
    vscode.commands.registerCommand("ldcorn.restart", restart),
    vscode.workspace.onDidChangeConfiguration((e) => {
      if (e.affectsConfiguration("ldcorn.path")) {
        void restart();
      }
    }),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  const old = client;
  client = undefined;
  await old?.stop();
}

async function restart(): Promise<void> {
  await deactivate();
  const command = vscode.workspace.getConfiguration("ldcorn").get<string>("path") || "ldcorn";
  const server: ServerOptions = { command, args: ["lsp"] };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "ldcorn" },
      { scheme: "file", pattern: "**/ldconfig.py" },
    ],
  };
  client = new LanguageClient("ldcorn", "ldcorn", server, options);
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const settings = "Open Settings";
    const answer = await vscode.window.showErrorMessage(
      `ldcorn: cannot run \`${command} lsp\`: ${String(error)}. Install ldcorn, or set ldcorn.path to the program.`,
      settings,
    );
    if (answer === settings) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "ldcorn.path");
    }
  }
}
