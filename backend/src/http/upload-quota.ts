import type { RequestHandler, Response } from 'express';
import { assertWithin, type Quotas } from '../lib/quotas.js';
import type { Scope } from '../integration/resources.js';

/** Forms under way, counted per owner until their answer is out; the root key is not bound. */
export class UploadQuota {
  readonly #underWay = new Map<string, number>();

  constructor(private readonly quotas: Quotas) {}

  /** @param scopeOf of the caller, who is identified by then */
  admit(scopeOf: (res: Response) => Scope | null | undefined): RequestHandler {
    return (req, res, next) => {
      const ownerId = req.is('multipart/form-data') ? scopeOf(res)?.ownerId : undefined;
      if (ownerId === undefined) return next();
      const underWay = this.#underWay.get(ownerId) ?? 0;
      assertWithin(this.quotas, 'uploads', underWay);
      this.#underWay.set(ownerId, underWay + 1);
      res.once('close', () => this.#ended(ownerId));
      next();
    };
  }

  #ended(ownerId: string): void {
    const left = (this.#underWay.get(ownerId) ?? 1) - 1;
    if (left > 0) this.#underWay.set(ownerId, left);
    else this.#underWay.delete(ownerId);
  }
}
