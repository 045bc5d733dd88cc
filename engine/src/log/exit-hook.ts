/**
 * Exit hook: the last chance to hand pending bytes to the operating system when a program ends without closing. One
 * listener on the process serves all databases. Nothing runs after SIGKILL.
 */

const actions = new Set<() => void>();
let isListening = false;

/** Run `action` when the process exits. Returns a function that takes this back. */
export function onExit(action: () => void): () => void {
  if (!isListening) {
    isListening = true;
    process.on('exit', runAll);
  }
  actions.add(action);
  return () => actions.delete(action);
}

function runAll(): void {
  for (const action of actions) action();
}
