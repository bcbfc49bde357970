const NAME = /^user_([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$/;

/** Each user has one instance, an ordinary connection with this id. @param userId a UUID in lower case */
export function instanceNameOf(userId: string): string {
  return `user_${userId}`;
}

/** Whose instance a connection is by its name; null for every other connection. */
export function userOfInstance(connectionId: string): string | null {
  return NAME.exec(connectionId)?.[1] ?? null;
}
