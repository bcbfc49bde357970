-- Who may see and change what. A signed-in user sees the rows of their own and of their companies; `service_role` (the
-- gateway) sees all; `anon` sees nothing. Roles exist on Supabase; elsewhere the gateway creates them before this file.

-- Company ids come from app_metadata, which only the project's owner can write; never from user_metadata.
create or replace function sentinela.claims() returns jsonb language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb
$$;
create or replace function sentinela.usuario() returns uuid language sql stable as $$
  select case when sentinela.claims() ->> 'sub' ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
              then (sentinela.claims() ->> 'sub')::uuid end
$$;
create or replace function sentinela.empresas() returns uuid[] language sql stable as $$
  select coalesce(array_agg(valor::uuid), '{}')
    from jsonb_array_elements_text(
      case jsonb_typeof(sentinela.claims() #> '{app_metadata,company_ids}')
        when 'array' then sentinela.claims() #> '{app_metadata,company_ids}' else '[]' end) as valor
   where valor ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
$$;

do $$
declare
  tabela text;
  papel text;
  dono constant text := 'owner_id = (select sentinela.usuario()) or company_id = any ((select sentinela.empresas())::uuid[])';
begin
  foreach tabela in array array['whatsapp_sessions', 'whatsapp_contatos', 'whatsapp_atendimentos', 'whatsapp_mensagens',
                                'whatsapp_configuracoes', 'whatsapp_status_pendentes', 'whatsapp_schema'] loop
    execute format('alter table public.%I enable row level security', tabela);
    -- Supabase grants everything on new tables to these roles: take it back before giving what is meant.
    foreach papel in array array['anon', 'authenticated'] loop
      if exists (select from pg_roles where rolname = papel) then
        execute format('revoke all on public.%I from %I', tabela, papel);
      end if;
    end loop;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant all on public.%I to service_role', tabela);
      -- On Supabase the role bypasses RLS; a plain Postgres may not let us create it that way.
      execute format('drop policy if exists gateway on public.%I', tabela);
      execute format('create policy gateway on public.%I to service_role using (true) with check (true)', tabela);
    end if;
  end loop;

  if exists (select from pg_roles where rolname = 'service_role') then
    grant usage on schema public to service_role;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then
    return;
  end if;
  grant usage on schema public, sentinela to authenticated;
  grant execute on function sentinela.claims(), sentinela.usuario(), sentinela.empresas() to authenticated;
  foreach tabela in array array['whatsapp_sessions', 'whatsapp_contatos', 'whatsapp_atendimentos', 'whatsapp_mensagens',
                                'whatsapp_configuracoes'] loop
    execute format('drop policy if exists dono_le on public.%I', tabela);
    execute format('create policy dono_le on public.%I for select to authenticated using (%s)', tabela, dono);
    execute format('grant select on public.%I to authenticated', tabela);
  end loop;
  -- Users change only this; everything else goes through the API.
  foreach tabela in array array['whatsapp_atendimentos', 'whatsapp_mensagens'] loop
    execute format('drop policy if exists dono_altera on public.%I', tabela);
    execute format('create policy dono_altera on public.%I for update to authenticated using (%s) with check (%s)', tabela, dono, dono);
  end loop;
  grant update (status, atendente_id, prioridade, tags, observacoes) on public.whatsapp_atendimentos to authenticated;
  grant update (lida) on public.whatsapp_mensagens to authenticated;
end $$;

-- Live updates in the CRM, where Supabase Realtime exists.
do $$
declare
  tabela text;
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime' and not puballtables) then
    return;
  end if;
  foreach tabela in array array['whatsapp_sessions', 'whatsapp_atendimentos', 'whatsapp_mensagens'] loop
    if not exists (select from pg_publication_tables
                    where pubname = 'supabase_realtime' and schemaname = 'public' and tablename = tabela) then
      execute format('alter publication supabase_realtime add table public.%I', tabela);
    end if;
  end loop;
end $$;

insert into public.whatsapp_schema (versao, nome) values ('20261121000300', 'acesso') on conflict do nothing;
