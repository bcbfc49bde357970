-- Messages that go out at a time, and the texts with variables that messages are written with. The gateway's journal is the
-- truth of both (docs/adr/0012): these rows show it, and are written through registrar_eventos like all others.

create table if not exists public.whatsapp_mensagens_agendadas (
  id uuid primary key,
  owner_id uuid not null,
  company_id uuid,
  session_id uuid not null references public.whatsapp_sessions (id),
  sessao text not null,
  para text not null,
  tipo text not null,
  conteudo text not null,
  modelo text,
  enviar_em timestamptz not null,
  status text not null check (status in ('AGENDADA', 'ACEITA', 'ENVIADA', 'FALHOU', 'CANCELADA', 'EXPIRADA')),
  erro text,
  whatsapp_id text,
  mensagem_id uuid,
  revisao integer not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default now()
);
comment on table public.whatsapp_mensagens_agendadas is 'Messages that go out at a time. Change and cancel them by the API: a change of the row has no effect.';
comment on column public.whatsapp_mensagens_agendadas.sessao is 'Connection id.';
comment on column public.whatsapp_mensagens_agendadas.conteudo is 'What it says, as an agent reads it.';
comment on column public.whatsapp_mensagens_agendadas.mensagem_id is 'The row of whatsapp_mensagens that it became.';
comment on column public.whatsapp_mensagens_agendadas.revisao is 'Grows with every change; an older state never replaces a newer one.';
create index if not exists whatsapp_mensagens_agendadas_dono on public.whatsapp_mensagens_agendadas (owner_id, enviar_em, id);
create index if not exists whatsapp_mensagens_agendadas_sessao on public.whatsapp_mensagens_agendadas (session_id, enviar_em, id);
create index if not exists whatsapp_mensagens_agendadas_hora on public.whatsapp_mensagens_agendadas (enviar_em, id);

create table if not exists public.whatsapp_modelos (
  id uuid primary key,
  owner_id uuid not null,
  nome text not null,
  texto text not null,
  fuso text not null default 'America/Sao_Paulo',
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default now()
);
comment on table public.whatsapp_modelos is 'Texts with {{variables}}. Change them by the API: a change of the row has no effect.';
create unique index if not exists whatsapp_modelos_nome on public.whatsapp_modelos (owner_id, nome);

do $$
declare
  tabela text;
begin
  foreach tabela in array array['whatsapp_mensagens_agendadas', 'whatsapp_modelos'] loop
    execute format('drop trigger if exists atualizado on public.%I', tabela);
    execute format('create trigger atualizado before update on public.%I for each row execute function sentinela.marcar_atualizacao()', tabela);
  end loop;
end $$;

create or replace function sentinela.aplicar_agendamento(
  s public.whatsapp_sessions, item jsonb, indice integer
) returns sentinela.resultado language plpgsql as $$
declare
  nada public.whatsapp_mensagens;
begin
  insert into public.whatsapp_mensagens_agendadas as a (id, owner_id, company_id, session_id, sessao, para, tipo, conteudo, modelo,
    enviar_em, status, erro, whatsapp_id, mensagem_id, revisao, created_at)
  values ((item ->> 'id')::uuid, s.owner_id, s.company_id, s.id, s.session_name, item ->> 'para', item ->> 'tipo', item ->> 'conteudo',
    item ->> 'modelo', (item ->> 'enviar_em')::timestamptz, item ->> 'status', item ->> 'erro', item ->> 'whatsapp_id',
    (item ->> 'mensagem_id')::uuid, (item ->> 'revisao')::integer, (item ->> 'criado_em')::timestamptz)
  on conflict (id) do update set
    para = excluded.para, tipo = excluded.tipo, conteudo = excluded.conteudo, modelo = excluded.modelo, enviar_em = excluded.enviar_em,
    status = excluded.status, erro = excluded.erro, whatsapp_id = excluded.whatsapp_id, mensagem_id = excluded.mensagem_id,
    revisao = excluded.revisao
    where a.revisao < excluded.revisao;
  return sentinela.resultado_de(indice, case when found then 'atualizada' else 'ignorada' end, nada, null, '[]');
end $$;

create or replace function sentinela.aplicar_modelo(item jsonb, indice integer) returns sentinela.resultado language plpgsql as $$
declare
  nada public.whatsapp_mensagens;
begin
  -- One of the same name is left from an earlier life of the gateway: its journal has another one now.
  delete from public.whatsapp_modelos m
   where m.owner_id = (item ->> 'owner_id')::uuid and m.nome = item ->> 'nome' and m.id <> (item ->> 'id')::uuid;
  if (item ->> 'removido')::boolean then
    delete from public.whatsapp_modelos m where m.id = (item ->> 'id')::uuid;
  else
    insert into public.whatsapp_modelos (id, owner_id, nome, texto, fuso, created_at)
    values ((item ->> 'id')::uuid, (item ->> 'owner_id')::uuid, item ->> 'nome', item ->> 'texto', item ->> 'fuso',
            (item ->> 'criado_em')::timestamptz)
    on conflict (id) do update set nome = excluded.nome, texto = excluded.texto, fuso = excluded.fuso;
  end if;
  return sentinela.resultado_de(indice, 'atualizada', nada, null, '[]');
end $$;

create or replace function sentinela.aplicar_evento(item jsonb, indice integer) returns sentinela.resultado language plpgsql as $$
begin
  case item ->> 'op'
    when 'sessao' then return sentinela.aplicar_sessao(item, indice);
    when 'contato' then return sentinela.aplicar_contato(sentinela.sessao(item ->> 'sessao'), item, indice);
    when 'leitura' then return sentinela.aplicar_leitura(sentinela.sessao(item ->> 'sessao'), item, indice);
    when 'midia' then return sentinela.aplicar_midia(sentinela.sessao(item ->> 'sessao'), item, indice);
    when 'agendamento' then return sentinela.aplicar_agendamento(sentinela.sessao(item ->> 'sessao'), item, indice);
    when 'modelo' then return sentinela.aplicar_modelo(item, indice);
    when 'edicao', 'apagamento', 'reacao', 'status', 'dados' then
      return sentinela.aplicar_a_mensagem(sentinela.sessao(item ->> 'sessao'), item, indice);
    else
      raise exception 'unknown op %', coalesce(quote_literal(item ->> 'op'), 'null') using errcode = 'invalid_parameter_value';
  end case;
end $$;

do $$
declare
  tabela text;
  papel text;
begin
  revoke execute on all functions in schema sentinela from public;
  foreach papel in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = papel) then
      execute format('revoke execute on all functions in schema sentinela from %I', papel);
    end if;
  end loop;
  if exists (select from pg_roles where rolname = 'authenticated') then
    grant execute on function sentinela.claims(), sentinela.usuario(), sentinela.empresas() to authenticated;
  end if;
  foreach tabela in array array['whatsapp_mensagens_agendadas', 'whatsapp_modelos'] loop
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
    if exists (select from pg_roles where rolname = 'authenticated') then
      execute format('grant select on public.%I to authenticated', tabela);
      execute format('drop policy if exists dono_le on public.%I', tabela);
    end if;
  end loop;
  if exists (select from pg_roles where rolname = 'authenticated') then
    create policy dono_le on public.whatsapp_mensagens_agendadas for select to authenticated
      using (owner_id = (select sentinela.usuario()) or company_id = any ((select sentinela.empresas())::uuid[]));
    create policy dono_le on public.whatsapp_modelos for select to authenticated
      using (owner_id = (select sentinela.usuario()));
  end if;
end $$;

notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121001600', 'agendamentos') on conflict do nothing;
