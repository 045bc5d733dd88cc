// superseded later: Outlook, Outlook.add, Outlook.#willBeThere

/** Judges the changes that are known by now, by what is in the indexes and what earlier changes will make of it. */
export class Outlook {
  readonly #beneath: Outlook | undefined;
  readonly #keys = new Map<number, Map<KeyString, boolean>>();

  /** Begin where `beneath` stands; it stays as it is. */
  constructor(beneath?: Outlook) {
    this.#beneath = beneath;
  }

  /** Take over what `other` foresees. */
  add(other: Outlook): void {
    for (const [space, keys] of other.#keys) for (const [key, isThere] of keys) this.foresee(space, key, isThere);
  }

  #willBeThere(space: number, key: KeyString): boolean | undefined {
    const own = this.#keys.get(space)?.get(key);
    if (own !== undefined || this.#beneath === undefined) return own;
    return this.#beneath.#willBeThere(space, key);
  }
}
