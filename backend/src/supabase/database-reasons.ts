import type { FailedAnswer } from './failure-class.js';

/** What keeps the database from taking our requests, and what a person does about it. */
export interface DatabaseReason {
  reason: string;
  /** In Portuguese. */
  advice: string;
  /** Whether it stays until a person acts: waiting does not mend it. */
  lasting: boolean;
}

interface Row extends DatabaseReason {
  matches: (answer: FailedAnswer) => boolean;
}

const code = (pattern: RegExp) => (answer: FailedAnswer) => pattern.test(answer.code);
const says = (pattern: RegExp) => (answer: FailedAnswer) => pattern.test(answer.message);
const status = (...codes: number[]) => {
  return (answer: FailedAnswer) => codes.includes(answer.status);
};
const lasting = true;
const passing = false;

/** The first row that matches decides. */
export const DATABASE_REASONS: readonly Row[] = [
  // Opening an own Postgres
  {
    reason: 'BAD_ADDRESS',
    matches: code(/^BAD_CONFIGURATION$/),
    advice: 'A DATABASE_URL não pode ser usada como está escrita. Corrija-a (docs/own-postgres.md).',
    lasting,
  },
  {
    reason: 'PASSWORD_REFUSED',
    matches: code(/^28P01$/),
    advice: 'O Postgres recusou o usuário ou a senha. Corrija-os na DATABASE_URL (caracteres especiais em %XX).',
    lasting,
  },
  {
    reason: 'SIGN_IN_REFUSED',
    matches: code(/^28/),
    advice:
      'O Postgres não deixa este usuário entrar. Confira se ele existe, o pg_hba.conf e o sslmode da DATABASE_URL.',
    lasting,
  },
  {
    reason: 'NO_SUCH_DATABASE',
    matches: code(/^3D/),
    advice: 'O banco da DATABASE_URL não existe no servidor. Crie-o (CREATE DATABASE … OWNER …) ou corrija o nome.',
    lasting,
  },
  {
    reason: 'CERTIFICATE_REFUSED',
    matches: code(/^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_TLS_CERT_|ERR_OSSL_|ERR_SSL_)/),
    advice:
      'O certificado TLS do servidor não passou na verificação. Aponte sslrootcert para quem o assinou ou ajuste o sslmode.',
    lasting,
  },
  {
    reason: 'NO_TLS',
    matches: says(/before secure TLS connection was established/),
    advice: 'A DATABASE_URL exige TLS e o servidor não o oferece. Ative-o no servidor ou use sslmode=prefer.',
    lasting,
  },
  {
    reason: 'BAD_PARAMETER',
    matches: (answer) =>
      answer.status === 0 && /^(42704|22023|42601)$/.test(answer.code) && /parameter|option|-c /i.test(answer.message),
    advice: 'O Postgres não aceita um parâmetro da DATABASE_URL (options). Corrija-o ou retire-o.',
    lasting,
  },
  {
    reason: 'NO_PRIVILEGE',
    matches: code(/^42501$/),
    advice:
      'Falta um privilégio ao usuário do banco. Ele precisa ser dono do banco, ou ter CREATE nele e no esquema public (docs/own-postgres.md); na API do Supabase, use a chave service_role.',
    lasting,
  },
  {
    reason: 'TOO_MANY_CONNECTIONS',
    matches: code(/^53300$/),
    advice: 'O Postgres não tem conexões livres. Aumente max_connections ou use connection_limit na DATABASE_URL.',
    lasting: passing,
  },
  {
    reason: 'DISK_FULL',
    matches: code(/^53100$/),
    advice: 'O disco do servidor do banco está cheio. Libere espaço; nada se perde enquanto isso.',
    lasting: passing,
  },
  {
    reason: 'READ_ONLY',
    matches: code(/^25006$/),
    advice:
      'O banco está somente para leitura (réplica ou troca de servidor). Aponte para o servidor principal se persistir.',
    lasting: passing,
  },
  {
    reason: 'STARTING_OR_STOPPING',
    matches: code(/^57/),
    advice: 'O Postgres está iniciando, parando ou em manutenção. O gateway tenta de novo sozinho.',
    lasting: passing,
  },
  {
    reason: 'HOST_UNKNOWN',
    matches: code(/^(ENOTFOUND|EAI_)/),
    advice: 'O nome do servidor do banco não foi encontrado. Confira o host na DATABASE_URL e o DNS.',
    lasting: passing,
  },
  {
    reason: 'CONNECTION_REFUSED',
    matches: code(/^(ECONNREFUSED|ENOENT)$/),
    advice: 'Nada escuta no endereço do banco. Confira se o Postgres está no ar, o host e a porta.',
    lasting: passing,
  },

  // A Supabase project, and the local API
  {
    reason: 'SCHEMA_OUTDATED',
    matches: code(/^(SCHEMA_OUTDATED|42P01|42703|42883|PGRST20[0-5])$/),
    advice: 'Faltam migrações no banco. Rode npm run db:migrate com DATABASE_URL, ou supabase db push.',
    lasting,
  },
  {
    reason: 'SCHEMA_REFUSED',
    matches: (answer) => answer.status === 0 && /^(42|2B|3F|0A)/.test(answer.code),
    advice:
      'As migrações não puderam ser aplicadas: o banco tem objetos de outro programa ou um Postgres antigo demais. Veja o log e use um banco só do gateway.',
    lasting,
  },
  {
    reason: 'KEY_REFUSED',
    matches: (answer) => answer.status === 401 || /^PGRST30[0-3]$/.test(answer.code),
    advice: 'A chave SUPABASE_SERVICE_ROLE_KEY foi recusada. Copie a chave service_role (ou sb_secret_…) do projeto.',
    lasting,
  },
  {
    reason: 'PROJECT_PAUSED',
    matches: status(540),
    advice: 'O projeto Supabase está pausado. Reative-o no painel do Supabase.',
    lasting,
  },
  {
    reason: 'WRONG_ADDRESS',
    matches: (answer) => status(404, 405)(answer) || says(/^\s*</)(answer) || status(200, 201, 202, 204)(answer),
    advice: 'O endereço respondeu, mas não é a API do Supabase. Confira SUPABASE_URL e o que está no caminho (proxy).',
    lasting,
  },
  {
    reason: 'REFUSED',
    matches: (answer) => status(403)(answer) || code(/^(42|3F|0A|PGRST1)/)(answer),
    advice:
      'O banco recusa as gravações do gateway. Confira as permissões (grants) e as migrações; o alerta diz o código.',
    lasting,
  },
  {
    reason: 'OVERLOADED',
    matches: (answer) => status(408, 425, 429)(answer) || code(/^(53|40|55)/)(answer),
    advice: 'O banco está sobrecarregado. O gateway tenta de novo sozinho; se persistir, aumente o servidor.',
    lasting: passing,
  },
  {
    reason: 'SERVER_ERROR',
    matches: (answer) => answer.status >= 500 || code(/^(XX|58|PGRST00)/)(answer),
    advice:
      'O servidor do banco falhou ao responder. O gateway tenta de novo sozinho; veja o log do banco se persistir.',
    lasting: passing,
  },
  {
    reason: 'NOT_OPEN_YET',
    matches: code(/^NOT_OPEN_YET$/),
    advice: 'O banco ainda está sendo aberto. Aguarde alguns segundos.',
    lasting: passing,
  },
  {
    reason: 'UNREACHABLE',
    matches: status(0),
    advice:
      'O banco não responde. Confira a rede e se ele está no ar; nada se perde, o gateway grava quando ele voltar.',
    lasting: passing,
  },
];

const UNFORESEEN: DatabaseReason = {
  reason: 'UNFORESEEN',
  advice: 'O banco respondeu o que ninguém previu. Veja o log do gateway; nada se perde enquanto isso.',
  lasting: false,
};

export function reasonOf(answer: FailedAnswer): DatabaseReason {
  return DATABASE_REASONS.find((row) => row.matches(answer)) ?? UNFORESEEN;
}

/** One line for the status, the self test and the log. */
export function inWords(answer: FailedAnswer, { reason, advice } = reasonOf(answer)): string {
  return answer.code === '' || answer.code === reason
    ? `${reason}: ${advice}`
    : `${reason}: ${advice} (${answer.code})`;
}
