import { textOr, type ContentRow, type Handlers } from './handler.js';
import { compact } from './proto-values.js';

/** What a customer chose from buttons, lists and forms. */
export const answers: Handlers<
  | 'buttonsResponseMessage'
  | 'listResponseMessage'
  | 'templateButtonReplyMessage'
  | 'interactiveResponseMessage'
  | 'questionResponseMessage'
  | 'statusQuestionAnswerMessage'
> = {
  buttonsResponseMessage: {
    as: 'row',
    row: (answer) =>
      choice('RESPOSTA_BOTAO', answer.selectedDisplayText, answer.selectedButtonId, { id: answer.selectedButtonId }),
  },
  listResponseMessage: {
    as: 'row',
    row: (answer) => {
      const id = answer.singleSelectReply?.selectedRowId;
      return choice('RESPOSTA_LISTA', answer.title, id, { id, descricao: answer.description });
    },
  },
  templateButtonReplyMessage: {
    as: 'row',
    row: (answer) =>
      choice('RESPOSTA_BOTAO', answer.selectedDisplayText, answer.selectedId, {
        id: answer.selectedId,
        indice: answer.selectedIndex,
        cartao: answer.selectedCarouselCardIndex,
      }),
  },
  interactiveResponseMessage: {
    as: 'row',
    row: (answer) => {
      const flow = answer.nativeFlowResponseMessage;
      return choice('RESPOSTA_INTERATIVA', answer.body?.text, flow?.name, {
        nome: flow?.name,
        parametros: flow?.paramsJson,
      });
    },
  },
  questionResponseMessage: {
    as: 'row',
    row: (answer) => choice('RESPOSTA_PERGUNTA', answer.text, null, { pergunta: answer.key?.id }),
  },
  statusQuestionAnswerMessage: {
    as: 'row',
    row: (answer) => choice('RESPOSTA_PERGUNTA', answer.text, null, { pergunta: answer.key?.id }),
  },
};

function choice(
  subtipo: string,
  text: string | null | undefined,
  id: string | null | undefined,
  facts: Record<string, unknown>,
): ContentRow {
  return {
    tipo: 'TEXTO',
    subtipo,
    conteudo: textOr(text, textOr(id, 'Resposta')),
    dados: { resposta: compact(facts) },
  };
}
