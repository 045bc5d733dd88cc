/**
 * Doubles as text, in the layout that clients of Redis 7.2 are used to.
 *
 * Invariant: the text reads back as the same double. Source: `d2string` in `src/util.c` of Redis 7.2, and fpconv below it.
 */

/** Doubles beyond this are printed by their shortest digits; below it integers are printed whole (Redis: double2ll). */
const WHOLE_LIMIT = 2 ** 62;

/** A double as Redis 7.2 prints it: the shortest digits that read back the same, integers of 64 bits without exponent. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  if (Number.isInteger(value) && Math.abs(value) <= WHOLE_LIMIT) return BigInt(value).toString();
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  const digits = mantissa.replace(/[-.]/g, '');
  const scale = Number(exponent) - digits.length + 1;
  return (value < 0 ? '-' : '') + placePoint(digits, scale, exponent);
}

/** digits x 10^scale in the layout of Redis's fpconv: plain where short, else with an exponent. */
function placePoint(digits: string, scale: number, exponent: string): string {
  const magnitude = Math.abs(Number(exponent));
  if (scale >= 0 && magnitude < digits.length + 7) return digits + '0'.repeat(scale);
  if (scale < 0 && (scale > -7 || magnitude < 4)) {
    const whole = digits.length + scale;
    return whole > 0 ? `${digits.slice(0, whole)}.${digits.slice(whole)}` : `0.${'0'.repeat(-whole)}${digits}`;
  }
  return `${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}e${exponent}`;
}
