import { z } from 'zod';
import type { ErrorCode } from '../../lib/errors.js';
import { connectionId } from '../schemas/common.js';

/** What all rows for Evolution API's clients have in common: failures in the shape that its clients read. */
export const evolutionFacts = { tag: 'evolution', errorShape: 'evolution', unknownFields: 'ignored' } as const;

/** In Evolution's routes the connection is named at the end of the path. */
export const instanceParams = z.object({ instanceName: connectionId });

export const READ_ERRORS: readonly ErrorCode[] = ['DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'DEADLINE_EXCEEDED'];

/** An answer that Evolution's documentation does not pin down further. */
export const anything = z.looseObject({});
