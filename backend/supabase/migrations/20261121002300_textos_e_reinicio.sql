-- 1. Owners and companies that other systems name by a text: the text beside the UUID that was made of it (UUIDv5, by the
--    gateway). A user who has such a text has the instance user_<text>.
-- 2. DELETE FROM whatsapp_instances asks the gateway to reset that instance. It is noted in the connection's row, since a
--    row that is merely missing may as well be another database.
-- 3. The indexes of whatsapp_instances under the names that its readers know.

alter table public.whatsapp_sessions add column if not exists owner_texto text;
alter table public.whatsapp_sessions add column if not exists company_texto text;
alter table public.whatsapp_sessions add column if not exists reinicio_pedido_em timestamptz;
comment on column public.whatsapp_sessions.owner_texto is 'The text that owner_id was made of; null for a UUID.';
comment on column public.whatsapp_sessions.reinicio_pedido_em is 'Its row in whatsapp_instances was deleted then: the gateway ends the session at its next look.';
create index if not exists whatsapp_sessions_reinicio on public.whatsapp_sessions (reinicio_pedido_em)
  where reinicio_pedido_em is not null;

-- Creates or changes the session's row; only given fields are written.
create or replace function sentinela.aplicar_sessao(item jsonb, indice integer) returns sentinela.resultado language plpgsql as $$
declare
  antes public.whatsapp_sessions;
  depois public.whatsapp_sessions;
  m public.whatsapp_mensagens;
  nova boolean := false;
begin
  select * into antes from public.whatsapp_sessions where session_name = item ->> 'sessao' for update;
  if antes.id is not null and (item ->> 'owner_id')::uuid <> antes.owner_id and (item ->> 'id')::uuid <> antes.id then
    -- The name was given up and belongs to somebody else now: the old rows stay with their owner.
    update public.whatsapp_sessions set session_name = session_name || '#' || id, status = 'disconnected', qr_code = null
     where id = antes.id;
    antes := null;
  end if;
  if antes.id is null then
    insert into public.whatsapp_sessions (id, owner_id, session_name, owner_texto)
    values ((item ->> 'id')::uuid, (item ->> 'owner_id')::uuid, item ->> 'sessao', item ->> 'owner_texto') returning * into antes;
    nova := true;
  end if;
  depois := jsonb_populate_record(antes, item - 'id' - 'session_name' - 'created_at' - 'updated_at');
  update public.whatsapp_sessions
     set owner_id = depois.owner_id, company_id = depois.company_id, nome = depois.nome, driver = depois.driver,
         status = depois.status, estado = depois.estado, motivo = depois.motivo, numero = depois.numero, lid = depois.lid,
         qr_code = depois.qr_code, connected_at = depois.connected_at, disconnected_at = depois.disconnected_at,
         ultima_atividade = depois.ultima_atividade, configuracao = depois.configuracao,
         owner_texto = depois.owner_texto, company_texto = depois.company_texto
   where id = depois.id;
  if (depois.numero, depois.lid) is distinct from (antes.numero, antes.lid) then
    perform sentinela.resolver_contato(depois, 'null', true, true);
  end if;
  return sentinela.resultado_de(indice, case when nova then 'inserida' else 'atualizada' end, m, null, '[]');
end $$;

create or replace trigger whatsapp_sessions_instancia_nova after insert on public.whatsapp_sessions
  for each row when (new.session_name = 'user_' || new.owner_id::text or new.session_name = 'user_' || new.owner_texto)
  execute function sentinela.espelhar_instancia();
create or replace trigger whatsapp_sessions_instancia after update on public.whatsapp_sessions
  for each row when ((new.session_name = 'user_' || new.owner_id::text or new.session_name = 'user_' || new.owner_texto)
    and (old.estado, old.numero, old.qr_code, old.owner_id, old.company_id)
      is distinct from (new.estado, new.numero, new.qr_code, new.owner_id, new.company_id))
  execute function sentinela.espelhar_instancia();

create or replace function sentinela.pedir_reinicio() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.whatsapp_sessions s set reinicio_pedido_em = clock_timestamp()
   where s.session_name = old.instance_name and s.owner_id = old.user_id;
  return null;
end $$;
create or replace trigger whatsapp_instances_apagada after delete on public.whatsapp_instances
  for each row execute function sentinela.pedir_reinicio();

do $$
begin
  if to_regclass('public.idx_whatsapp_instances_user_id_unique') is null
     and to_regclass('public.whatsapp_instances_usuario') is not null then
    alter index public.whatsapp_instances_usuario rename to idx_whatsapp_instances_user_id_unique;
  end if;
  if to_regclass('public.idx_whatsapp_instances_instance_name') is null
     and to_regclass('public.whatsapp_instances_nome') is not null then
    alter index public.whatsapp_instances_nome rename to idx_whatsapp_instances_instance_name;
  end if;
end $$;
create unique index if not exists idx_whatsapp_instances_user_id_unique on public.whatsapp_instances (user_id);
create unique index if not exists idx_whatsapp_instances_instance_name on public.whatsapp_instances (instance_name);
create index if not exists idx_whatsapp_instances_user_id on public.whatsapp_instances (user_id);

-- The indexes of whatsapp_instances that are valid, for `npm run test:whatsapp`.
create or replace function public.indices_de_instancias(pedido jsonb) returns table (nome text, unico boolean, colunas text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select c.relname::text, i.indisunique,
         (select string_agg(a.attname, ',' order by k.n) from unnest(i.indkey::int2[]) with ordinality k (attnum, n)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum)
    from pg_index i join pg_class c on c.oid = i.indexrelid
   where i.indrelid = 'public.whatsapp_instances'::regclass and i.indisvalid
$$;

do $$
declare
  papel text;
  funcao text;
begin
  foreach funcao in array array['sentinela.pedir_reinicio()', 'public.indices_de_instancias(jsonb)'] loop
    execute format('revoke execute on function %s from public', funcao);
    foreach papel in array array['anon', 'authenticated'] loop
      if exists (select from pg_roles where rolname = papel) then
        execute format('revoke execute on function %s from %I', funcao, papel);
      end if;
    end loop;
  end loop;
  if exists (select from pg_roles where rolname = 'service_role') then
    grant execute on function public.indices_de_instancias(jsonb) to service_role;
  end if;
end $$;

notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121002300', 'textos_e_reinicio') on conflict do nothing;
