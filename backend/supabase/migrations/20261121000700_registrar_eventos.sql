-- The one write path: a batch of events (backend/src/supabase/evento.ts), applied in order in one transaction.

create or replace function public.registrar_eventos(lote jsonb)
returns table (
  indice integer, resultado text, mensagem_id uuid, atendimento_id uuid, contato_id uuid,
  atendimento_novo boolean, atendimento_status text, unidos jsonb)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
-- Every look-up here has an index; a plan made while a table was empty must not scan it when it is full.
set enable_seqscan = off
-- And it is made once per connection, not for each of the first calls.
set plan_cache_mode = force_generic_plan
-- Ruling a kind of plan out makes plans look expensive enough to compile them anew at every call: a second each.
set jit = off
as $$
#variable_conflict use_column
declare
  itens jsonb[];
  ops text[];
  nome text;
  de integer := 1;
  ate integer;
  novas integer[];
  resultados sentinela.resultado[] := '{}';
begin
  -- Some PostgREST-compatible layers hand a jsonb argument over as a JSON string.
  if jsonb_typeof(lote) = 'string' then
    lote := (lote #>> '{}')::jsonb;
  end if;
  if jsonb_typeof(lote) is distinct from 'array' then
    raise exception 'lote must be an array' using errcode = 'invalid_parameter_value';
  end if;
  itens := array(select i.item from jsonb_array_elements(lote) with ordinality as i(item, n) order by i.n);
  ops := array(select i.item ->> 'op' from unnest(itens) with ordinality as i(item, n) order by i.n);

  -- One writer per session at a time; always in the same order, so that two batches cannot wait for each other.
  for nome in select distinct i.item ->> 'sessao' from unnest(itens) as i(item) order by 1 loop
    perform pg_advisory_xact_lock(hashtextextended('sentinela:' || nome, 0));
  end loop;

  while de <= cardinality(itens) loop
    ate := de;
    if ops[de] in ('mensagem', 'status') then
      -- A status is about one message of ours and changes nothing that another message depends on: those of a run wait
      -- until its messages are stored, which then takes one statement for all.
      while ops[ate + 1] in ('mensagem', 'status') loop
        ate := ate + 1;
      end loop;
      novas := array(select n from generate_series(de, ate) as n where ops[n] = 'mensagem' order by n);
      if novas <> '{}' then
        resultados := resultados || array(select r from sentinela.registrar_mensagens(
          array(select itens[n] from unnest(novas) as n order by n), array(select n - 1 from unnest(novas) as n order by n)) as r);
      end if;
    end if;
    for n in de..ate loop
      if ops[n] is distinct from 'mensagem' then
        resultados := resultados || sentinela.aplicar_evento(itens[n], n - 1);
      end if;
    end loop;
    de := ate + 1;
  end loop;
  return query select * from unnest(resultados) as r order by r.indice;
end $$;

-- Only the gateway may call it, and nothing else may reach what is behind it.
do $$
declare
  papel text;
begin
  revoke execute on function public.registrar_eventos(jsonb) from public;
  revoke execute on all functions in schema sentinela from public;
  foreach papel in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = papel) then
      execute format('revoke execute on function public.registrar_eventos(jsonb) from %I', papel);
      execute format('revoke execute on all functions in schema sentinela from %I', papel);
    end if;
  end loop;
  if exists (select from pg_roles where rolname = 'authenticated') then
    grant execute on function sentinela.claims(), sentinela.usuario(), sentinela.empresas() to authenticated;
  end if;
  if exists (select from pg_roles where rolname = 'service_role') then
    grant execute on function public.registrar_eventos(jsonb) to service_role;
  end if;
end $$;

-- PostgREST learns of the new function at once.
notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121000700', 'registrar_eventos') on conflict do nothing;
