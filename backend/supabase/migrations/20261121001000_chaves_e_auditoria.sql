-- API keys (hashed) and who did what. The gateway authenticates from its own copy of the keys and keeps this table like it;
-- `revogada_em` set here is a revocation, too. Nobody but the gateway sees either table: a list of keys and their uses is
-- a map for an attacker.

create table if not exists public.whatsapp_api_keys (
  id uuid primary key,
  owner_id uuid not null,
  nome text not null,
  permissoes jsonb not null default '[]' check (permissoes <@ '["read", "send", "manage"]'),
  empresas jsonb not null default '[]' check (jsonb_typeof(empresas) = 'array'),
  conexoes jsonb check (jsonb_typeof(conexoes) = 'array'),
  limite_por_minuto integer check (limite_por_minuto > 0),
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  hash_anterior text check (hash_anterior ~ '^[0-9a-f]{64}$'),
  anterior_expira_em timestamptz,
  expira_em timestamptz,
  revogada_em timestamptz,
  ultimo_uso_em timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on column public.whatsapp_api_keys.hash is 'sha256 of the whole key, hex. The key itself is nowhere.';
comment on column public.whatsapp_api_keys.conexoes is 'Connection ids that it is limited to; null = all of the owner and the companies.';
create index if not exists whatsapp_api_keys_dono on public.whatsapp_api_keys (owner_id);

create table if not exists public.whatsapp_auditoria (
  id uuid primary key,
  em timestamptz not null,
  quem text not null,
  owner_id uuid,
  operacao text not null,
  sessao text,
  alvo jsonb not null default '{}',
  status integer not null,
  erro text,
  request_id text,
  endereco text,
  created_at timestamptz not null default now()
);
comment on table public.whatsapp_auditoria is 'Every call that could change something, allowed or not. Never bodies.';
comment on column public.whatsapp_auditoria.quem is 'root, anonymous, key:<id of whatsapp_api_keys> or user:<sub>.';
create index if not exists whatsapp_auditoria_em on public.whatsapp_auditoria (em desc, id desc);
create index if not exists whatsapp_auditoria_sessao on public.whatsapp_auditoria (sessao, em desc);

create or replace trigger whatsapp_api_keys_atualizada before update on public.whatsapp_api_keys
  for each row execute function sentinela.marcar_atualizacao();

do $$
declare
  tabela text;
  papel text;
begin
  foreach tabela in array array['whatsapp_api_keys', 'whatsapp_auditoria'] loop
    execute format('alter table public.%I enable row level security', tabela);
    foreach papel in array array['anon', 'authenticated'] loop
      if exists (select from pg_roles where rolname = papel) then
        execute format('revoke all on public.%I from %I', tabela, papel);
      end if;
    end loop;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant all on public.%I to service_role', tabela);
      execute format('drop policy if exists gateway on public.%I', tabela);
      execute format('create policy gateway on public.%I to service_role using (true) with check (true)', tabela);
    end if;
  end loop;
end $$;

insert into public.whatsapp_schema (versao, nome) values ('20261121001000', 'chaves_e_auditoria') on conflict do nothing;
