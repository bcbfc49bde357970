import type { proto } from '@whiskeysockets/baileys';
import { Cuts } from './caps.js';
import { lines, textOr, type ContentRow, type Handlers } from './handler.js';
import { compact, count } from './proto-values.js';

/** Polls. Votes come later, encrypted with the `dados.messageSecret` of the poll's row (Baileys' `decryptPollVote`). */
export const polls: Handlers<
  | 'pollCreationMessage'
  | 'pollCreationMessageV2'
  | 'pollCreationMessageV3'
  | 'pollCreationMessageV5'
  | 'pollResultSnapshotMessage'
  | 'pollResultSnapshotMessageV3'
> = {
  pollCreationMessage: { as: 'row', row: pollRow },
  pollCreationMessageV2: { as: 'row', row: pollRow },
  pollCreationMessageV3: { as: 'row', row: pollRow },
  pollCreationMessageV5: { as: 'row', row: pollRow },
  pollResultSnapshotMessage: { as: 'row', row: pollResultRow },
  pollResultSnapshotMessageV3: { as: 'row', row: pollResultRow },
};

function pollRow(poll: proto.Message.IPollCreationMessage): ContentRow {
  const cuts = new Cuts();
  const options = cuts.take('opcoesEnquete', poll.options).map((option) => option.optionName ?? '');
  return {
    tipo: 'TEXTO',
    subtipo: 'ENQUETE',
    conteudo: lines(`Enquete: ${textOr(poll.name, 'sem pergunta')}`, ...options.map((option) => `• ${option}`)),
    dados: {
      enquete: {
        pergunta: poll.name ?? '',
        opcoes: options,
        // 0 = as many as one likes.
        maximo: poll.selectableOptionsCount ?? 0,
        ...compact({ respostaCerta: poll.correctAnswer?.optionName }),
      },
      ...cuts.facts(),
    },
  };
}

function pollResultRow(result: proto.Message.IPollResultSnapshotMessage): ContentRow {
  const cuts = new Cuts();
  const votes = cuts.take('opcoesEnquete', result.pollVotes).map((vote) => ({
    opcao: vote.optionName ?? '',
    votos: count(vote.optionVoteCount) ?? 0,
  }));
  return {
    tipo: 'TEXTO',
    subtipo: 'RESULTADO_ENQUETE',
    conteudo: lines(
      `Resultado da enquete: ${textOr(result.name, 'sem pergunta')}`,
      ...votes.map(({ opcao, votos }) => `• ${opcao}: ${votos}`),
    ),
    dados: { enquete: { pergunta: result.name ?? '', votos: votes }, ...cuts.facts() },
  };
}
