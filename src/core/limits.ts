/** Bounds of the object API that more than one room has to know (protocol sheet, section 6). */

/** The longest object of a single put. */
export const MAX_PUT_BYTES = 5 * 1024 ** 3;
