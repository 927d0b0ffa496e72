// Helpers for the page. Text is only ever set as text, so what clients and workers wrote
// cannot become markup.

export const byId = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

type Child = Node | string | number | null | undefined | false;

/** Makes an element. Attributes named onX are listeners. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K, attributes: Record<string, string | boolean | EventListener> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const out = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") out.addEventListener(key.slice(2), value);
    else if (value === true) out.setAttribute(key, "");
    else if (value !== false) out.setAttribute(key, value);
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) out.append(typeof child === "number" ? String(child) : child);
  }
  return out;
}

/** Sets the text of an element only if it differs, so that screen readers do not repeat it. */
export function say(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Keeps one element for each item of a list, by its key, in the order of the items. */
export class Keyed<T, E extends HTMLElement> {
  private readonly have = new Map<string, E>();

  constructor(private readonly parent: HTMLElement, private readonly key: (item: T) => string,
    private readonly make: (item: T) => E, private readonly update: (node: E, item: T) => void) {}

  show(items: T[]): void {
    const left = new Set(this.have.keys());
    let at: Element | null = this.parent.firstElementChild;
    for (const item of items) {
      const key = this.key(item);
      let node = this.have.get(key);
      if (!node) {
        node = this.make(item);
        this.have.set(key, node);
      }
      left.delete(key);
      this.update(node, item);
      if (node === at) at = at.nextElementSibling;
      else this.parent.insertBefore(node, at);
    }
    for (const key of left) {
      this.have.get(key)!.remove();
      this.have.delete(key);
    }
  }
}
