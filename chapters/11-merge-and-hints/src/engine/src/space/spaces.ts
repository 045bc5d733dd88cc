// superseded later: Spaces.create, Spaces.drop
class Spaces {

  create(order: SpaceOrder): Space {
    if (!Object.hasOwn(ORDER_BYTES, order)) throw new EngineError('INVALID_ARGUMENT', "order must be 'key' or 'hash'");
    const { log, durability } = this.#commit;
    const id = log.manifest.maxSpaceId + 1;
    this.#commit.begin();
    const value = Buffer.of(ORDER_BYTES[order]);
    log.add({ kind: KIND_SPACE_CREATE, space: id, key: NOTHING, value });
    this.#commit.end(durability);
    log.manifest.maxSpaceId = id;
    return this.#add(id, new KeyIndex(order, log.manifest.hashSeed), log.position);
  }

  drop(id: number): number {
    if (id === 0) throw new EngineError('INVALID_ARGUMENT', 'the default space cannot be dropped');
    const { index } = this.recordsOf(id);
    const { log, durability } = this.#commit;
    this.#commit.begin();
    log.add({ kind: KIND_SPACE_DROP, space: id, key: NOTHING, value: NOTHING });
    this.#commit.end(durability);
    const { records, madeSeq } = this.#byId.get(id)!;
    this.#byId.delete(id);
    records.drop(new KeyIndex('key', log.manifest.hashSeed));
    if (this.snapshots.newestSeq >= madeSeq) {
      this.#dropped.push({ id, index, madeSeq, droppedSeq: log.position });
      this.snapshots.addKeeper(this);
    }
    return log.position;
  }
}
