/** Pace: work that takes long says now and then how far it is. */

/** Told how many bytes have been read; whoever wants to slow the work down, or to let others run, waits in it. */
export type Pace = (bytesRead: number) => Promise<void>;

/** How many bytes are read between two calls of {@link Pace}. */
export const PACE_BYTES: number = 64 * 1024;
