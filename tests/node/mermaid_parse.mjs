// Reads one JSON string per line, a mermaid diagram, and answers with one line each: null, or what is wrong with it.
import { createInterface } from "node:readline";
import { JSDOM } from "jsdom";

// mermaid cleans labels through the DOM even when it only parses, so it needs one before it is loaded.
const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");

for await (const line of createInterface({ input: process.stdin })) {
  const problem = await mermaid.parse(JSON.parse(line)).then(
    () => null,
    (error) => error.message,
  );
  process.stdout.write(JSON.stringify(problem) + "\n");
}
