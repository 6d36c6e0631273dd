/** Bounds of the object API that more than one room has to know (protocol sheet, section 6). */

/** The longest object of a single put. */
export const MAX_PUT_BYTES = 5 * 1024 ** 3;

/** The most parts of a multipart upload; their numbers are 1 to this. */
export const MAX_PARTS = 10_000;

/** The least size of a part but the last, looked at when the upload is completed. */
export const MIN_PART_BYTES = 100 * 1024;

/** The largest object: parts of the largest size, as many as there may be. */
export const MAX_MULTIPART_BYTES = MAX_PARTS * MAX_PUT_BYTES;
