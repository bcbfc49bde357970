-- One instance per user, for readers who know `whatsapp_instances`. The row of a user's connection (named user_<owner>) is
-- the truth; this one follows it by trigger, in the same transaction. So it is as late as that row after an outage, and
-- never differs from it. A table that an older system has left is taken over with its rows.

create table if not exists public.whatsapp_instances (
  id uuid primary key default gen_random_uuid(),
  instance_name text not null,
  user_id uuid,
  organization_id uuid,
  status text not null default 'disconnected',
  is_connected boolean not null default false,
  phone_number text,
  qr_code text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
alter table public.whatsapp_instances add column if not exists user_id uuid;
alter table public.whatsapp_instances add column if not exists organization_id uuid;
alter table public.whatsapp_instances add column if not exists status text not null default 'disconnected';
alter table public.whatsapp_instances add column if not exists is_connected boolean not null default false;
alter table public.whatsapp_instances add column if not exists phone_number text;
alter table public.whatsapp_instances add column if not exists qr_code text;
alter table public.whatsapp_instances add column if not exists created_at timestamptz not null default now();
alter table public.whatsapp_instances add column if not exists updated_at timestamptz not null default now();
create unique index if not exists whatsapp_instances_nome on public.whatsapp_instances (instance_name);
create unique index if not exists whatsapp_instances_usuario on public.whatsapp_instances (user_id);
create index if not exists whatsapp_instances_organizacao on public.whatsapp_instances (organization_id);
comment on column public.whatsapp_instances.user_id is 'Null only in rows of an older system: npm run migrate:whatsapp finds and mends them.';
comment on column public.whatsapp_instances.qr_code is 'The text that a phone scans, as in whatsapp_sessions; the API draws it.';

create or replace trigger whatsapp_instances_atualizada before update on public.whatsapp_instances
  for each row execute function sentinela.marcar_atualizacao();

-- How an instance says the estado of its connection.
create or replace function sentinela.estado_da_instancia(estado text) returns text language sql immutable as $$
  select case
    when estado = 'ready' then 'connected'
    when estado = 'qr_ready' then 'waiting_qr'
    when estado in ('initializing', 'pairing', 'authenticated', 'reconnecting') then 'connecting'
    when estado in ('error', 'conflict', 'banned', 'outdated', 'passkey_required') then 'error'
    else 'disconnected' end
$$;

create or replace function sentinela.gravar_instancia(s public.whatsapp_sessions) returns void language plpgsql as $$
declare
  alvo uuid;
  v_status text := sentinela.estado_da_instancia(s.estado);
begin
  -- A row of the same name, else the one that an older system has given to this user.
  select i.id into alvo from public.whatsapp_instances i
   where i.instance_name = s.session_name or i.user_id = s.owner_id order by i.instance_name = s.session_name desc limit 1;
  if alvo is null then
    insert into public.whatsapp_instances (id, instance_name, user_id, organization_id, status, is_connected, phone_number, qr_code)
    values (s.id, s.session_name, s.owner_id, s.company_id, v_status, s.estado = 'ready', s.numero, s.qr_code);
    return;
  end if;
  update public.whatsapp_instances
     set instance_name = s.session_name, user_id = s.owner_id, organization_id = coalesce(s.company_id, organization_id),
         status = v_status, is_connected = s.estado = 'ready', phone_number = s.numero, qr_code = s.qr_code
   where id = alvo;
end $$;

create or replace function sentinela.espelhar_instancia() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform sentinela.gravar_instancia(new);
  return null;
exception when others then
  -- A copy for readers must never hold up what it is a copy of: the gateway's queue would stand still.
  raise warning 'whatsapp_instances does not follow %: %', new.session_name, sqlerrm;
  return null;
end $$;

create or replace trigger whatsapp_sessions_instancia_nova after insert on public.whatsapp_sessions
  for each row when (new.session_name = 'user_' || new.owner_id::text) execute function sentinela.espelhar_instancia();
create or replace trigger whatsapp_sessions_instancia after update on public.whatsapp_sessions
  for each row when (new.session_name = 'user_' || new.owner_id::text
    and (old.estado, old.numero, old.qr_code, old.owner_id, old.company_id)
      is distinct from (new.estado, new.numero, new.qr_code, new.owner_id, new.company_id))
  execute function sentinela.espelhar_instancia();

-- Connections that were there before this table.
do $$
declare
  s public.whatsapp_sessions;
begin
  for s in select * from public.whatsapp_sessions x
            where x.session_name = 'user_' || x.owner_id::text
              and not exists (select from public.whatsapp_instances i where i.instance_name = x.session_name) loop
    perform sentinela.gravar_instancia(s);
  end loop;
end $$;

do $$
declare
  papel text;
begin
  alter table public.whatsapp_instances enable row level security;
  revoke execute on all functions in schema sentinela from public;
  foreach papel in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = papel) then
      execute format('revoke all on public.whatsapp_instances from %I', papel);
      execute format('revoke execute on all functions in schema sentinela from %I', papel);
    end if;
  end loop;
  if exists (select from pg_roles where rolname = 'service_role') then
    grant all on public.whatsapp_instances to service_role;
    drop policy if exists gateway on public.whatsapp_instances;
    create policy gateway on public.whatsapp_instances to service_role using (true) with check (true);
  end if;
  if exists (select from pg_roles where rolname = 'authenticated') then
    grant execute on function sentinela.claims(), sentinela.usuario(), sentinela.empresas() to authenticated;
    grant select on public.whatsapp_instances to authenticated;
    drop policy if exists dono_le on public.whatsapp_instances;
    create policy dono_le on public.whatsapp_instances for select to authenticated
      using (user_id = (select sentinela.usuario()) or organization_id = any ((select sentinela.empresas())::uuid[]));
  end if;
  if exists (select from pg_publication where pubname = 'supabase_realtime' and not puballtables)
     and not exists (select from pg_publication_tables where pubname = 'supabase_realtime'
                      and schemaname = 'public' and tablename = 'whatsapp_instances') then
    alter publication supabase_realtime add table public.whatsapp_instances;
  end if;
end $$;

notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121001800', 'instancias') on conflict do nothing;
