-- The audit does not grow for ever: the gateway removes what is older than AUDIT_RETENTION_MS, some rows at a time.

-- pedido: { antes: timestamptz, maximo: integer }. Answers how many were removed, the oldest first.
create or replace function public.limpar_auditoria(pedido jsonb) returns table (removidos integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
begin
  delete from public.whatsapp_auditoria a
   where a.id in (select velha.id from public.whatsapp_auditoria velha
                   where velha.em < (p ->> 'antes')::timestamptz
                   order by velha.em, velha.id limit (p ->> 'maximo')::integer);
  get diagnostics removidos = row_count;
  return next;
end $$;

do $$
declare
  papel text;
begin
  revoke all on function public.limpar_auditoria(jsonb) from public;
  foreach papel in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = papel) then
      execute format('revoke all on function public.limpar_auditoria(jsonb) from %I', papel);
    end if;
  end loop;
  if exists (select from pg_roles where rolname = 'service_role') then
    grant execute on function public.limpar_auditoria(jsonb) to service_role;
  end if;
end $$;

notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121001700', 'auditoria_retencao') on conflict do nothing;
