/**
 * Bytes: the door through which keys and values enter.
 *
 * Callers bring strings or Uint8Arrays; inside, everything is a Buffer. Nothing here copies what is bytes already, so the
 * memory still belongs to the caller: whoever keeps bytes for longer than the call copies them.
 */

/** What a caller may use as a key or a value; a string stands for its UTF-8 bytes. */
export type Input = Uint8Array | string;

/** The same memory seen as a Buffer; nothing is copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A key or value as bytes: a string is encoded as UTF-8, bytes are wrapped and not copied. */
export function toBuffer(input: Input): Buffer {
  return typeof input === 'string' ? Buffer.from(input, 'utf8') : asBuffer(input);
}
