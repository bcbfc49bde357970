-- Edits, reactions and answers to events that are sealed with the secret of the message they change lie in its dados
-- ("edicaoCifrada:<id>", "reacaoCifrada:<id>", "respostaEvento:<id>") until the gateway has opened them;
-- dados.cifradosPendentes says that there are new ones. An opened one goes the way of every other edit.

create index if not exists whatsapp_mensagens_cifrados on public.whatsapp_mensagens (updated_at)
  where dados ? 'cifradosPendentes';

-- An edit that is told late (sealed, or delivered after a newer one, or after the deletion) changes no text any more; what
-- it said is kept all the same, once.
create or replace function sentinela.aplicar_edicao(m public.whatsapp_mensagens, item jsonb) returns boolean language plpgsql as $$
declare
  texto jsonb := jsonb_build_object('conteudo', item -> 'conteudo');
begin
  update public.whatsapp_mensagens x
     set conteudo = item ->> 'conteudo', editada_em = (item ->> 'editada_em')::timestamptz,
         dados = sentinela.guardar_versao(x, item ->> 'editada_em')
   where x.id = m.id and x.apagada_em is null
     and (x.editada_em is null or x.editada_em < (item ->> 'editada_em')::timestamptz);
  if found then
    return true;
  end if;
  update public.whatsapp_mensagens x
     set dados = coalesce(x.dados, '{}') || jsonb_build_object('versoes', coalesce(x.dados -> 'versoes', '[]')
                   || (texto || jsonb_build_object('ate', to_jsonb(coalesce(x.apagada_em, x.editada_em)))))
   where x.id = m.id and x.conteudo <> item ->> 'conteudo' and x.editada_em is distinct from (item ->> 'editada_em')::timestamptz
     and not coalesce(x.dados -> 'versoes', '[]') @> jsonb_build_array(texto);
  return found;
end $$;

create or replace function sentinela.endereco_json(c public.whatsapp_contatos) returns jsonb language sql immutable as $$
  select jsonb_build_object('tipo', c.tipo, 'jid', coalesce(c.jid, c.pn, c.lid), 'pn', c.pn, 'lid', c.lid)
$$;

-- Messages with sealed changes that nobody has opened, the longest waiting first. Those that could not be read themselves
-- wait on: their secret comes with their content. pedido: { limite }
create or replace function public.cifrados_pendentes(pedido jsonb)
returns table (id uuid, sessao text, whatsapp_id text, dados jsonb, chat jsonb, autor jsonb, criador jsonb, quem jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
begin
  return query
  select m.id, s.session_name::text, m.whatsapp_id, m.dados, sentinela.endereco_json(c),
         case a.tipo when 'eu' then null else sentinela.endereco_json(a) end,
         (select jsonb_agg(distinct e) from jsonb_array_elements(
            sentinela.enderecos_de(m.session_id, case a.tipo when 'eu' then 'eu' else a.jid end)
            || case when m.remetente_jid <> '' then jsonb_build_array(m.remetente_jid) else '[]' end) as e),
         (select jsonb_object_agg(v.autor, sentinela.enderecos_de(m.session_id, v.autor))
            from (select distinct d.value ->> 'autor' as autor from jsonb_each(m.dados) as d
                   where d.key ~ '^(edicaoCifrada|reacaoCifrada|respostaEvento):' and d.value ->> 'autor' is not null) as v)
    from public.whatsapp_mensagens m
    join public.whatsapp_sessions s on s.id = m.session_id
    join public.whatsapp_contatos c on c.id = m.contato_id
    join public.whatsapp_contatos a on a.id = m.autor_id
   where m.dados ? 'cifradosPendentes' and m.subtipo is distinct from 'INDECIFRAVEL'
   order by m.updated_at limit least((p ->> 'limite')::integer, 100);
end $$;

-- Forgets the seals that were opened; a change that came meanwhile keeps the message waiting.
-- pedido: { id, vistos: [key], abertos: [key] }
create or replace function public.resolver_cifrados(pedido jsonb) returns table (gravada boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
begin
  update public.whatsapp_mensagens m
     set dados = (case when exists (select from jsonb_object_keys(m.dados) as k
                                     where k ~ '^(edicaoCifrada|reacaoCifrada|respostaEvento):' and not (p -> 'vistos') ? k)
                       then m.dados else m.dados - 'cifradosPendentes' end)
                 - array(select jsonb_array_elements_text(p -> 'abertos'))
   where m.id = (p ->> 'id')::uuid;
  return query select found;
end $$;

do $$
declare
  papel text;
  funcao text;
begin
  -- By name: a policy lets users call some of the others.
  foreach funcao in array array['sentinela.endereco_json(public.whatsapp_contatos)', 'public.cifrados_pendentes(jsonb)',
                                'public.resolver_cifrados(jsonb)'] loop
    execute format('revoke execute on function %s from public', funcao);
    foreach papel in array array['anon', 'authenticated'] loop
      if exists (select from pg_roles where rolname = papel) then
        execute format('revoke execute on function %s from %I', funcao, papel);
      end if;
    end loop;
    if funcao like 'public.%' and exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant execute on function %s to service_role', funcao);
    end if;
  end loop;
end $$;

notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121002100', 'cifrados') on conflict do nothing;
