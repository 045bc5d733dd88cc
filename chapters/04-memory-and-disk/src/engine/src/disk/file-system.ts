// superseded later: NodeFile.syncDataLater
class NodeFile {

  syncDataLater(): Promise<void> {
    return new Promise((resolve, reject) => {
      nodeFs.fdatasync(this.#fd, error => (error === null ? resolve() : reject(error)));
    });
  }
}
