/** What disks do to records. A format is asked to write one record; then the record is damaged, cut, moved, and read again. */

/** Where a record stands: in which file, by the file's random number, and at which offset. */
export interface Place {
  salt: number;
  offset: number;
}

export interface Format {
  encode(key: Buffer, value: Buffer, place: Place): Buffer;
  /** The size of the record that begins these bytes, if they are believed. */
  decode(bytes: Buffer, place: Place): number | 'torn' | 'corrupt';
}

type Answer = ReturnType<Format['decode']>;

const row = (title: string, cells: readonly (number | string)[]): void =>
  console.log(title.padEnd(34) + cells.map(cell => String(cell).padStart(10)).join(''));

function tell(attack: string, answers: readonly Answer[]): void {
  const count = (wanted: string): number => answers.filter(answer => answer === wanted).length;
  const [torn, corrupt] = [count('torn'), count('corrupt')];
  row(attack, [answers.length, torn, corrupt, answers.length - torn - corrupt]);
}

/** The answers of a reader that goes from record to record until one is refused. */
function walk(format: Format, bytes: Buffer): Answer[] {
  const answers: Answer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const answer = format.decode(bytes.subarray(at), { salt: 1, offset: at });
    answers.push(answer);
    if (typeof answer === 'string') break;
    at += answer;
  }
  return answers;
}

export function attackAll(format: Format): void {
  const place = { salt: 0x5eed_5a17, offset: 4096 };
  const record = format.encode(Buffer.from('user:1'), Buffer.from('Ada'), place);
  const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
  const flip = (bit: number): Buffer => {
    const bytes = Buffer.from(record);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    return bytes;
  };
  const flipped = range(8 * record.length).map(bit => format.decode(flip(bit), place));
  const cut = range(record.length).map(size => format.decode(record.subarray(0, size), place));
  const moved = range(1000).map(n => format.decode(record, { ...place, offset: 4097 + n }));
  const foreign = range(1000).map(n => format.decode(record, { ...place, salt: place.salt + n + 1 }));

  row(`a record of ${record.length} bytes,`, ['times', 'torn', 'corrupt', 'believed']);
  tell('with one bit flipped', flipped);
  tell('cut short', cut);
  tell('found at another offset', moved);
  tell('found in another file', foreign);
  tell('4096 zeroes instead of records', walk(format, Buffer.alloc(4096)));
}
