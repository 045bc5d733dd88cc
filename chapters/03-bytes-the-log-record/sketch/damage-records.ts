/** The attacks of the chapter's beginning, on our record. */
import { decodeRecord, encodeRecord, KIND_PUT } from '../engine/src/format/record.ts';
import { attackAll } from './attacks.ts';

attackAll({
  encode: (key, value, { salt, offset }) => encodeRecord({ kind: KIND_PUT, seq: 1, key, value }, salt, offset),
  decode(bytes, { salt, offset }) {
    const record = decodeRecord(bytes, 0, salt, offset);
    return typeof record === 'string' ? record : record.size;
  },
});
