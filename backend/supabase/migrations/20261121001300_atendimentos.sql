-- What agents do with atendimentos: who did what, changes that check and write in one transaction, and counts.

create table if not exists public.whatsapp_atendimento_eventos (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null,
  company_id uuid,
  atendimento_id uuid not null references public.whatsapp_atendimentos (id) on delete cascade,
  tipo text not null check (tipo in ('ATRIBUIDO', 'INICIADO', 'FINALIZADO', 'CANCELADO', 'TRANSFERIDO', 'ETIQUETADO',
                                     'PRIORIZADO', 'NOTA', 'ALTERADO')),
  autor_id uuid,
  origem text not null,
  texto text,
  antes jsonb,
  depois jsonb,
  -- clock_timestamp(): two in one transaction keep their order.
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.whatsapp_atendimento_eventos is 'Notes, transfers and who did what. Never changed.';
comment on column public.whatsapp_atendimento_eventos.autor_id is 'The agent, when one was named.';
comment on column public.whatsapp_atendimento_eventos.origem is 'The API key''s name, or crm for a change made in the table itself.';
comment on column public.whatsapp_atendimento_eventos.antes is 'The changed columns as they were; depois: as they are.';
create index if not exists whatsapp_atendimento_eventos_lista
  on public.whatsapp_atendimento_eventos (atendimento_id, created_at, id);

-- Lists of all statuses, of everybody, of one owner and of one agent.
create index if not exists whatsapp_atendimentos_todos on public.whatsapp_atendimentos (ultima_mensagem desc, id desc);
create index if not exists whatsapp_atendimentos_dono
  on public.whatsapp_atendimentos (owner_id, ultima_mensagem desc, id desc);
create index if not exists whatsapp_atendimentos_atendente
  on public.whatsapp_atendimentos (atendente_id, ultima_mensagem desc, id desc) where atendente_id is not null;

-- The columns that people change, as they are in one row.
create or replace function sentinela.colunas_de_trabalho(a public.whatsapp_atendimentos) returns jsonb language sql immutable as $$
  select jsonb_build_object('status', a.status, 'atendente_id', a.atendente_id, 'prioridade', a.prioridade, 'tags', a.tags,
                            'observacoes', a.observacoes)
$$;

create or replace function sentinela.registrar_atendimento_evento(
  antes public.whatsapp_atendimentos, depois public.whatsapp_atendimentos, tipo text, autor uuid, origem text, texto text
) returns uuid language plpgsql as $$
declare
  de jsonb := sentinela.colunas_de_trabalho(antes);
  para jsonb := sentinela.colunas_de_trabalho(depois);
  mudaram text[] := array(select k from jsonb_object_keys(de) as k where de -> k is distinct from para -> k);
  novo uuid;
begin
  insert into public.whatsapp_atendimento_eventos (owner_id, company_id, atendimento_id, tipo, autor_id, origem, texto, antes, depois)
  values (depois.owner_id, depois.company_id, depois.id, tipo, autor, origem, texto,
          (select jsonb_object_agg(k, de -> k) from unnest(mudaram) as k),
          (select jsonb_object_agg(k, para -> k) from unnest(mudaram) as k))
  returning id into novo;
  return novo;
end $$;

-- A change that an agent makes in the table itself (row-level security lets them). The gateway has no user: it writes its own.
create or replace function sentinela.anotar_alteracao() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if sentinela.usuario() is not null then
    perform sentinela.registrar_atendimento_evento(old, new, 'ALTERADO', sentinela.usuario(), 'crm', null);
  end if;
  return null;
end $$;
create or replace trigger whatsapp_atendimentos_anotar
  after update of status, atendente_id, prioridade, tags, observacoes on public.whatsapp_atendimentos
  for each row when (
    (old.status, old.atendente_id, old.prioridade, old.tags, old.observacoes)
    is distinct from (new.status, new.atendente_id, new.prioridade, new.tags, new.observacoes))
  execute function sentinela.anotar_alteracao();

-- Null scope: everything. { owner_id, company_ids, session_ids }: like row-level security, and of these sessions alone
-- (null: of all of them).
create or replace function sentinela.no_escopo(escopo jsonb, owner_id uuid, company_id uuid, session_id uuid) returns boolean language sql immutable as $$
  select coalesce(jsonb_typeof(escopo), 'null') = 'null'
      or (owner_id::text = escopo ->> 'owner_id' or coalesce(escopo -> 'company_ids' ? company_id::text, false))
     and (coalesce(jsonb_typeof(escopo -> 'session_ids'), 'null') = 'null' or escopo -> 'session_ids' ? session_id::text)
$$;

-- The atendimento itself, or the one it was merged into, locked. Only the last one is locked: a merge locks in its own order.
create or replace function sentinela.travar_atendimento(p_id uuid) returns public.whatsapp_atendimentos language plpgsql as $$
declare
  a public.whatsapp_atendimentos;
  proximo uuid := p_id;
  destino uuid;
begin
  for salto in 1..10 loop
    select unido_a into destino from public.whatsapp_atendimentos where id = proximo;
    if destino is null then
      select * into a from public.whatsapp_atendimentos where id = proximo for update;
      if a.unido_a is null then
        return a;
      end if;
      destino := a.unido_a;
    end if;
    proximo := destino;
  end loop;
  return null;
end $$;

create or replace function sentinela.somar_etiquetas(tags jsonb, mais jsonb, menos jsonb) returns jsonb language sql immutable as $$
  select coalesce(jsonb_agg(t.tag order by t.n), '[]')
    from (select tag, min(n) as n
            from jsonb_array_elements(
              case jsonb_typeof(tags) when 'array' then tags else jsonb_build_array(tags) end
              || coalesce(mais, '[]')) with ordinality as e(tag, n)
           where tag <> 'null' and not coalesce(menos @> tag, false)
           group by tag) as t
$$;

/*
 * One change of an atendimento, checked and written in one transaction.
 * pedido: { id, escopo, de: [status in which it is allowed], livre: only when nobody else has it, mudancas: { column: value },
 *           etiquetas: { adicionar, remover }, evento: { tipo, autor_id, origem, texto } }
 * resultado: ALTERADO, IGUAL (it is so already: nothing written), STATUS and OCUPADO (refused), NAO_ENCONTRADO.
 */
create or replace function public.alterar_atendimento(pedido jsonb)
returns table (resultado text, atendimento jsonb, evento_id uuid)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
  antes public.whatsapp_atendimentos;
  depois public.whatsapp_atendimentos;
  novo uuid;
begin
  antes := sentinela.travar_atendimento((p ->> 'id')::uuid);
  if antes.id is null or not sentinela.no_escopo(p -> 'escopo', antes.owner_id, antes.company_id, antes.session_id) then
    return query select 'NAO_ENCONTRADO', null::jsonb, null::uuid;
    return;
  end if;
  depois := jsonb_populate_record(antes, (
    select coalesce(jsonb_object_agg(k, v), '{}') from jsonb_each(coalesce(p -> 'mudancas', '{}')) as m(k, v)
     where k = any (array['status', 'atendente_id', 'prioridade'])));
  if jsonb_typeof(p -> 'etiquetas') = 'object' then
    depois.tags := sentinela.somar_etiquetas(antes.tags, p #> '{etiquetas,adicionar}', p #> '{etiquetas,remover}');
    if depois.tags = '[]' and antes.tags is null then
      depois.tags := null;
    end if;
  end if;
  if p #>> '{evento,tipo}' <> 'NOTA' and sentinela.colunas_de_trabalho(antes) = sentinela.colunas_de_trabalho(depois) then
    return query select 'IGUAL', to_jsonb(antes), null::uuid;
    return;
  end if;
  if not (p -> 'de') ? antes.status then
    return query select 'STATUS', to_jsonb(antes), null::uuid;
    return;
  end if;
  if (p ->> 'livre')::boolean and antes.atendente_id <> depois.atendente_id then
    return query select 'OCUPADO', to_jsonb(antes), null::uuid;
    return;
  end if;
  update public.whatsapp_atendimentos
     set status = depois.status, atendente_id = depois.atendente_id, prioridade = depois.prioridade, tags = depois.tags
   where id = antes.id and sentinela.colunas_de_trabalho(antes) <> sentinela.colunas_de_trabalho(depois);
  select * into depois from public.whatsapp_atendimentos where id = antes.id;
  novo := sentinela.registrar_atendimento_evento(antes, depois, p #>> '{evento,tipo}', (p #>> '{evento,autor_id}')::uuid,
                                                 p #>> '{evento,origem}', p #>> '{evento,texto}');
  return query select 'ALTERADO', to_jsonb(depois), novo;
end $$;

-- Open atendimentos and their unread messages, by connection, status and agent. pedido: { escopo, atendente_id?, sessao? }
create or replace function public.contar_atendimentos_abertos(pedido jsonb)
returns table (sessao text, status text, atendente_id uuid, atendimentos bigint, nao_lidas bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
begin
  return query
  select s.session_name, a.status, a.atendente_id, count(*), sum(a.nao_lidas)::bigint
    from public.whatsapp_atendimentos a join public.whatsapp_sessions s on s.id = a.session_id
   where a.status in ('AGUARDANDO', 'EM_ATENDIMENTO') and sentinela.no_escopo(p -> 'escopo', a.owner_id, a.company_id, a.session_id)
     and (p ->> 'atendente_id' is null or a.atendente_id = (p ->> 'atendente_id')::uuid)
     and (p ->> 'sessao' is null or s.session_name = p ->> 'sessao')
   group by 1, 2, 3 order by 1, 2, 3;
end $$;

do $$
declare
  papel text;
  funcao text;
begin
  alter table public.whatsapp_atendimento_eventos enable row level security;
  revoke execute on all functions in schema sentinela from public;
  foreach papel in array array['anon', 'authenticated', 'service_role'] loop
    if not exists (select from pg_roles where rolname = papel) then
      continue;
    end if;
    execute format('revoke all on public.whatsapp_atendimento_eventos from %I', papel);
    if papel <> 'service_role' then
      execute format('revoke execute on all functions in schema sentinela from %I', papel);
    end if;
  end loop;
  foreach funcao in array array['public.alterar_atendimento(jsonb)', 'public.contar_atendimentos_abertos(jsonb)'] loop
    execute format('revoke execute on function %s from public', funcao);
    foreach papel in array array['anon', 'authenticated'] loop
      if exists (select from pg_roles where rolname = papel) then
        execute format('revoke execute on function %s from %I', funcao, papel);
      end if;
    end loop;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant execute on function %s to service_role', funcao);
    end if;
  end loop;
  if exists (select from pg_roles where rolname = 'service_role') then
    grant all on public.whatsapp_atendimento_eventos to service_role;
    drop policy if exists gateway on public.whatsapp_atendimento_eventos;
    create policy gateway on public.whatsapp_atendimento_eventos to service_role using (true) with check (true);
  end if;
  if exists (select from pg_roles where rolname = 'authenticated') then
    grant execute on function sentinela.claims(), sentinela.usuario(), sentinela.empresas() to authenticated;
    grant select on public.whatsapp_atendimento_eventos to authenticated;
    drop policy if exists dono_le on public.whatsapp_atendimento_eventos;
    create policy dono_le on public.whatsapp_atendimento_eventos for select to authenticated
      using (owner_id = (select sentinela.usuario()) or company_id = any ((select sentinela.empresas())::uuid[]));
  end if;
end $$;

notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121001300', 'atendimentos') on conflict do nothing;
