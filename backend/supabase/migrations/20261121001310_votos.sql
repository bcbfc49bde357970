-- Votes of polls are stored sealed beside their poll (dados."voto:<id>"), and opened by the gateway: dados.votosPendentes
-- says that there are new ones. And: every earlier text of an edited message is kept, not only the first.

create index if not exists whatsapp_mensagens_votos on public.whatsapp_mensagens (updated_at)
  where dados ? 'votosPendentes';

-- dados.conteudo_original is the first text; dados.versoes are all earlier ones, oldest first: [{ conteudo, ate }].
create or replace function sentinela.guardar_versao(m public.whatsapp_mensagens, ate text) returns jsonb language sql immutable as $$
  select jsonb_build_object('conteudo_original', m.conteudo) || coalesce(m.dados, '{}')
      || jsonb_build_object('versoes', coalesce(m.dados -> 'versoes', '[]') || jsonb_build_object('conteudo', m.conteudo, 'ate', ate))
$$;

create or replace function sentinela.aplicar_edicao(m public.whatsapp_mensagens, item jsonb) returns boolean language plpgsql as $$
begin
  update public.whatsapp_mensagens x
     set conteudo = item ->> 'conteudo', editada_em = (item ->> 'editada_em')::timestamptz,
         dados = sentinela.guardar_versao(x, item ->> 'editada_em')
   where x.id = m.id and x.apagada_em is null
     and (x.editada_em is null or x.editada_em < (item ->> 'editada_em')::timestamptz);
  return found;
end $$;

create or replace function sentinela.aplicar_apagamento(m public.whatsapp_mensagens, item jsonb) returns boolean language plpgsql as $$
begin
  update public.whatsapp_mensagens x
     set conteudo = 'Mensagem apagada', apagada_em = (item ->> 'apagada_em')::timestamptz,
         dados = sentinela.guardar_versao(x, item ->> 'apagada_em')
   where x.id = m.id and x.apagada_em is null;
  return found;
end $$;

-- Every address that WhatsApp has used for somebody: which one a vote is sealed for is not said.
create or replace function sentinela.enderecos_de(p_session uuid, p_jid text) returns jsonb language sql stable as $$
  select coalesce(jsonb_agg(distinct e.jid), '[]') from (
    select unnest(array[c.pn, c.lid, c.jid]) as jid from public.whatsapp_contatos c
     where c.session_id = p_session and (c.pn = p_jid or c.lid = p_jid or c.jid = p_jid or (p_jid = 'eu' and c.tipo = 'eu'))
    union select p_jid where p_jid <> 'eu') as e
   where e.jid is not null
$$;

-- Polls with votes that nobody has opened, the longest waiting first. pedido: { limite }
-- A later migration gives it more columns: run again, this one would meet another return type.
drop function if exists public.votos_pendentes(jsonb);
create or replace function public.votos_pendentes(pedido jsonb)
returns table (id uuid, whatsapp_id text, dados jsonb, criador jsonb, eleitores jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
begin
  return query
  select m.id, m.whatsapp_id, m.dados,
         (select jsonb_agg(distinct e) from jsonb_array_elements(
            sentinela.enderecos_de(m.session_id, c.jid) || case c.tipo when 'eu' then sentinela.enderecos_de(m.session_id, 'eu') else '[]' end
            || case when m.remetente_jid <> '' then jsonb_build_array(m.remetente_jid) else '[]' end) as e),
         (select jsonb_object_agg(v.autor, sentinela.enderecos_de(m.session_id, v.autor))
            from (select distinct d.value ->> 'autor' as autor from jsonb_each(m.dados) as d
                   where d.key like 'voto:%' and d.value ->> 'autor' is not null) as v)
    from public.whatsapp_mensagens m left join public.whatsapp_contatos c on c.id = m.autor_id
   where m.dados ? 'votosPendentes'
   order by m.updated_at limit least((p ->> 'limite')::integer, 100);
end $$;

-- Writes a poll's count; a vote that came meanwhile keeps the poll waiting. pedido: { id, vistos: [key], enquete: { votos, … } }
create or replace function public.gravar_votos(pedido jsonb) returns table (gravada boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
begin
  update public.whatsapp_mensagens m
     set dados = (case when exists (select from jsonb_object_keys(m.dados) as k where k like 'voto:%' and not (p -> 'vistos') ? k)
                       then m.dados else m.dados - 'votosPendentes' end)
                 || jsonb_build_object('enquete', coalesce(m.dados -> 'enquete', '{}') || (p -> 'enquete'))
   where m.id = (p ->> 'id')::uuid;
  return query select found;
end $$;

do $$
declare
  papel text;
  funcao text;
begin
  revoke execute on all functions in schema sentinela from public;
  foreach funcao in array array['public.votos_pendentes(jsonb)', 'public.gravar_votos(jsonb)'] loop
    execute format('revoke execute on function %s from public', funcao);
    foreach papel in array array['anon', 'authenticated'] loop
      if exists (select from pg_roles where rolname = papel) then
        execute format('revoke execute on function %s from %I', funcao, papel);
        execute format('revoke execute on all functions in schema sentinela from %I', papel);
      end if;
    end loop;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant execute on function %s to service_role', funcao);
    end if;
  end loop;
  if exists (select from pg_roles where rolname = 'authenticated') then
    grant execute on function sentinela.claims(), sentinela.usuario(), sentinela.empresas() to authenticated;
  end if;
end $$;

notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121001310', 'votos') on conflict do nothing;
