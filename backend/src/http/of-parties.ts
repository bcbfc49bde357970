import { textsOf, type Party, type PartyTexts } from '../lib/party.js';

type Given = Party | null | undefined;
type IdOf<T> = T extends Party ? string : T;

/** A body whose parties are ids again, with the texts that these were made of beside them. */
export type OfParties<B> = Omit<B, 'ownerId' | 'companyId' | 'companyIds'> & {
  [K in keyof B & ('ownerId' | 'companyId')]: IdOf<B[K]>;
} & { [K in keyof B & 'companyIds']: string[] | undefined } & { texts?: PartyTexts };

/** Splits the owner and the companies of a body into what is compared and what is only shown. */
export function ofParties<B extends { ownerId?: Given; companyId?: Given; companyIds?: Party[] | undefined }>(
  body: B,
): OfParties<B> {
  const { ownerId, companyId, companyIds } = body;
  const texts = textsOf(ownerId, companyId, ...(companyIds ?? []));
  return {
    ...body,
    ...('ownerId' in body && { ownerId: ownerId && ownerId.id }),
    ...('companyId' in body && { companyId: companyId && companyId.id }),
    ...('companyIds' in body && { companyIds: companyIds?.map(({ id }) => id) }),
    ...(texts && { texts }),
  } as unknown as OfParties<B>;
}
