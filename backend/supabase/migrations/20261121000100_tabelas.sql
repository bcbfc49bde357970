-- The tables that the gateway writes and CRM agents read. Plain Postgres >= 15; safe to run again.
-- Values of `tipo`, `remetente` and `status` are a contract: finer detail goes into `subtipo` and `dados`.

create schema if not exists sentinela;
comment on schema sentinela is 'Inner workings of registrar_eventos; not exposed by PostgREST.';

create table if not exists public.whatsapp_schema (
  versao text primary key,
  nome text not null,
  aplicada_em timestamptz not null default now()
);
comment on table public.whatsapp_schema is 'Migrations that this database has; each one adds its own row. Read at start to name what is missing.';

create table if not exists public.whatsapp_sessions (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null,
  company_id uuid,
  session_name text not null unique,
  nome text,
  driver text not null default 'baileys',
  status text not null default 'disconnected' check (status in ('disconnected', 'connecting', 'connected', 'error')),
  estado text not null default 'idle',
  motivo text,
  numero text,
  lid text,
  qr_code text,
  connected_at timestamptz,
  disconnected_at timestamptz,
  ultima_atividade timestamptz,
  configuracao jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on column public.whatsapp_sessions.session_name is 'The connection id of the API.';

-- created_at by clock_timestamp(), here and in atendimentos: the older one stays in a merge, also within one batch.
create table if not exists public.whatsapp_contatos (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null,
  company_id uuid,
  session_id uuid not null references public.whatsapp_sessions (id),
  tipo text not null default 'pessoa' check (tipo in ('pessoa', 'grupo', 'eu')),
  pn text,
  lid text,
  jid text not null,
  numero text,
  nome text,
  nome_perfil text,
  foto_url text,
  bloqueado boolean not null default false,
  opt_out boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default now()
);
comment on table public.whatsapp_contatos is 'Who someone is, whatever address WhatsApp uses today: pn and lid of one person are one row.';
create unique index if not exists whatsapp_contatos_pn on public.whatsapp_contatos (session_id, pn) where pn is not null;
create unique index if not exists whatsapp_contatos_lid on public.whatsapp_contatos (session_id, lid) where lid is not null;
create unique index if not exists whatsapp_contatos_eu on public.whatsapp_contatos (session_id) where tipo = 'eu';
create unique index if not exists whatsapp_contatos_jid on public.whatsapp_contatos (session_id, jid)
  where pn is null and lid is null and tipo <> 'eu';

create table if not exists public.whatsapp_atendimentos (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null,
  company_id uuid,
  session_id uuid not null references public.whatsapp_sessions (id),
  contato_id uuid not null references public.whatsapp_contatos (id),
  chat_jid text not null,
  numero_cliente text not null,
  nome_cliente text,
  status text not null default 'AGUARDANDO' check (status in ('AGUARDANDO', 'EM_ATENDIMENTO', 'FINALIZADO', 'CANCELADO')),
  data_inicio timestamptz not null default now(),
  data_fim timestamptz,
  ultima_mensagem timestamptz not null default now(),
  atendente_id uuid,
  prioridade integer not null default 0,
  tags jsonb,
  observacoes text,
  canal text not null default 'whatsapp',
  nao_lidas integer not null default 0,
  unido_a uuid references public.whatsapp_atendimentos (id),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default now()
);
comment on column public.whatsapp_atendimentos.unido_a is 'The atendimento that this one was merged into; readers follow it.';
create unique index if not exists whatsapp_atendimentos_um_aberto on public.whatsapp_atendimentos (session_id, contato_id)
  where status in ('AGUARDANDO', 'EM_ATENDIMENTO');
create index if not exists whatsapp_atendimentos_ativos on public.whatsapp_atendimentos (ultima_mensagem desc, id desc)
  where status in ('AGUARDANDO', 'EM_ATENDIMENTO');
create index if not exists whatsapp_atendimentos_ativos_dono
  on public.whatsapp_atendimentos (owner_id, ultima_mensagem desc, id desc) where status in ('AGUARDANDO', 'EM_ATENDIMENTO');
create index if not exists whatsapp_atendimentos_contato on public.whatsapp_atendimentos (contato_id, data_inicio desc);
create index if not exists whatsapp_atendimentos_unido on public.whatsapp_atendimentos (unido_a) where unido_a is not null;

create table if not exists public.whatsapp_mensagens (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null,
  company_id uuid,
  -- Two columns without a foreign key: contato_id leads to the same session, and authors are found or made by the
  -- function that writes. Each key and each index is paid by every message.
  session_id uuid not null,
  contato_id uuid not null references public.whatsapp_contatos (id),
  autor_id uuid not null,
  atendimento_id uuid references public.whatsapp_atendimentos (id),
  chat_jid text not null,
  remetente_jid text,
  whatsapp_id text not null,
  ordem bigint not null default 0,
  timestamp timestamptz not null,
  remetente text not null check (remetente in ('CLIENTE', 'ATENDENTE', 'SISTEMA')),
  tipo text not null check (tipo in ('TEXTO', 'IMAGEM', 'VIDEO', 'AUDIO', 'DOCUMENTO')),
  subtipo text,
  conteudo text not null,
  status text not null
    check (status in ('RECEBIDA', 'PENDENTE', 'ENVIADA', 'ENTREGUE', 'LIDA', 'REPRODUZIDA', 'ERRO')),
  erro text,
  lida boolean not null default false,
  dados jsonb,
  resposta_a text,
  reacoes jsonb,
  editada_em timestamptz,
  apagada_em timestamptz,
  midia_url text,
  midia_tipo text,
  midia_nome text,
  midia_tamanho bigint,
  midia_caminho text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on column public.whatsapp_mensagens.contato_id is 'The chat.';
comment on column public.whatsapp_mensagens.autor_id is 'Who wrote it; for this number itself a contato with tipo = eu.';
comment on column public.whatsapp_mensagens.ordem is 'Place in the gateway''s journal: lists are ordered by (timestamp, ordem, id).';
comment on column public.whatsapp_mensagens.atendimento_id is 'Null for history from before the first atendimento, and for notices of the robot to someone who never wrote.';
-- One row per message. whatsapp_id comes second so that receipts and edits find their target by the same index.
create unique index if not exists whatsapp_mensagens_uma
  on public.whatsapp_mensagens (session_id, whatsapp_id, contato_id, autor_id);
create index if not exists whatsapp_mensagens_lista on public.whatsapp_mensagens (atendimento_id, timestamp, ordem, id);
create index if not exists whatsapp_mensagens_contato on public.whatsapp_mensagens (contato_id, timestamp);
-- Only what a merge looks for: participants of groups (elsewhere the author is the chat, or this number itself).
create index if not exists whatsapp_mensagens_autor on public.whatsapp_mensagens (autor_id)
  where autor_id <> contato_id and remetente = 'CLIENTE';

create table if not exists public.whatsapp_status_pendentes (
  id bigint generated always as identity primary key,
  session_id uuid not null references public.whatsapp_sessions (id) on delete cascade,
  whatsapp_id text not null,
  op text not null,
  evento jsonb not null,
  created_at timestamptz not null default now()
);
comment on table public.whatsapp_status_pendentes is 'Receipts, edits and the like that came before their message; applied when it comes, dropped after 30 days.';
create unique index if not exists whatsapp_status_pendentes_alvo
  on public.whatsapp_status_pendentes (session_id, whatsapp_id, md5(evento::text));
create index if not exists whatsapp_status_pendentes_idade on public.whatsapp_status_pendentes (created_at);

create table if not exists public.whatsapp_configuracoes (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null,
  company_id uuid,
  session_id uuid references public.whatsapp_sessions (id) on delete cascade,
  ativo boolean not null default true,
  mensagem_boas_vindas text,
  mensagem_ausencia text,
  mensagem_encerramento text,
  horario_atendimento jsonb,
  fuso text not null default 'America/Sao_Paulo',
  auto_resposta boolean not null default false,
  dados jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on column public.whatsapp_configuracoes.session_id is 'Null: for all connections of the owner.';
create unique index if not exists whatsapp_configuracoes_uma
  on public.whatsapp_configuracoes (owner_id, coalesce(session_id, '00000000-0000-0000-0000-000000000000'));

insert into public.whatsapp_schema (versao, nome) values ('20261121000100', 'tabelas') on conflict do nothing;
