import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Companion } from '../companion.js';
import type { World } from '../world.js';

/** A query of a linked device. */
export interface IqRequest {
  readonly world: World;
  readonly companion: Companion;
  readonly iq: BinaryNode;
}

/** @returns the children of the result. @throws IqFailure to answer with `<error code text/>` */
export type IqHandler = (request: IqRequest) => BinaryNode[];

/** The server's refusal of a query. */
export class IqFailure extends Error {
  constructor(
    readonly code: number,
    text: string,
  ) {
    super(text);
    this.name = 'IqFailure';
  }
}
