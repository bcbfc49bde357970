/**
 * The path of a file for good: it does not change when the message's atendimento does, and an owner's files lie together.
 * @param timestamp the message's own, ms since the epoch
 */
export function mediaPath(of: {
  ownerId: string;
  connectionId: string;
  timestamp: number;
  rowId: string;
  extension: string;
}): string {
  const date = new Date(of.timestamp);
  const month = String(date.getUTCMonth() + 1).padStart(2, '0');
  return `${of.ownerId}/${of.connectionId}/${date.getUTCFullYear()}/${month}/${of.rowId}.${of.extension}`;
}
