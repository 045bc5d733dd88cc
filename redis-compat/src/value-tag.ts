/**
 * The tag of a key: one byte that lies in the record's header and in the index, so that TYPE, OBJECT ENCODING, SCAN TYPE
 * and every type check are answered without reading the value.
 *
 *    BITS  FIELD   MEANING
 *    0-2   type    1 string, 2 list, 3 set, 4 zset, 5 hash, 6 stream; 0 is no key
 *    3-4   layout  0 whole: the record's value is the value; 1 parts: in records of the elements space, under an id
 *    5-7   label   what OBJECT ENCODING says; sticky, follows Redis's thresholds, says nothing about the layout
 *
 * It is on disk, so the numbers keep their meaning for ever. Layouts 2 and 3 are reserved.
 */

/** Types by their number in the tag; the names are those of TYPE and SCAN TYPE. */
export const TYPE_NAMES = ['none', 'string', 'list', 'set', 'zset', 'hash', 'stream'] as const;
/** What TYPE answers. */
export type TypeName = (typeof TYPE_NAMES)[number];

/** The type of strings and bitmaps. */
export const TYPE_STRING = 1;

/** The type of sets. */
export const TYPE_SET = 3;

/** The record's value is the value itself. */
export const LAYOUT_WHOLE = 0;
/** The value lies in parts, or elements, under the id that is the record's order key. */
export const LAYOUT_PARTS = 1;

/** Labels of a string, in the order of their numbers. */
export const STRING_LABELS = ['raw', 'embstr', 'int'] as const;
/** Labels of a set, in the order of their numbers. */
export const SET_LABELS = ['intset', 'listpack', 'hashtable'] as const;
/** Bytes of its own memory, because it was built piece by piece or is long. */
export const LABEL_RAW = 0;
/** A short string, set as a whole. */
export const LABEL_EMBSTR = 1;
/** A string that spells a 64-bit integer. */
export const LABEL_INT = 2;

const TYPE_BITS = 3;
const LAYOUT_BITS = 2;
const LABEL_SHIFT = TYPE_BITS + LAYOUT_BITS;

/** The byte that says all three. */
export const makeTag = (type: number, layout: number, label: number): number =>
  type | (layout << TYPE_BITS) | (label << LABEL_SHIFT);

/** The type's number; see {@link TYPE_NAMES}. */
export const typeOf = (tag: number): number => tag & ((1 << TYPE_BITS) - 1);

/** The layout's number. */
export const layoutOf = (tag: number): number => (tag >> TYPE_BITS) & ((1 << LAYOUT_BITS) - 1);

/** The label's number, to be read in the light of the type. */
export const labelOf = (tag: number): number => tag >> LABEL_SHIFT;

/** The number of the type with this name in any case, or undefined when there is none. */
export function typeNamed(name: string): number | undefined {
  const number = TYPE_NAMES.indexOf(name.toLowerCase() as TypeName);
  return number > 0 ? number : undefined;
}
