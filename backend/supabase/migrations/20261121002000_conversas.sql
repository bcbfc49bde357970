-- What clients of other gateways ask for: messages and chats of one connection, by address. Plain Postgres >= 15; safe to run again.

-- The chat that somebody means: a person by number (in each of its spellings) or LID, a group by its address.
create or replace function sentinela.chat_de(p_sessao uuid, p_enderecos jsonb) returns uuid language sql stable as $$
  with e as (select array(select jsonb_array_elements_text(p_enderecos)) as todos)
  select c.id from public.whatsapp_contatos c, e
   where c.session_id = p_sessao and c.tipo <> 'eu' and (c.pn = any (e.todos) or c.lid = any (e.todos) or c.jid = any (e.todos))
   order by c.created_at limit 1
$$;

create or replace function sentinela.sessao_no_escopo(p jsonb) returns uuid language sql stable as $$
  select id from public.whatsapp_sessions s
   where s.session_name = p ->> 'sessao' and sentinela.no_escopo(p -> 'escopo', s.owner_id, s.company_id, s.id)
$$;

/*
 * Messages of one connection, the newest first; total = how many there are without limit.
 * pedido: { sessao, escopo, chat?, whatsapp_id?, minhas?, desde?, ate?, limite, pular }
 */
create or replace function public.buscar_mensagens(pedido jsonb)
returns table (total bigint, mensagem jsonb, chat jsonb, autor jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
  v_sessao uuid := sentinela.sessao_no_escopo(p);
  v_chat uuid := case when p ? 'chat' then sentinela.chat_de(v_sessao, p -> 'chat') end;
begin
  if v_sessao is null or (p ? 'chat' and v_chat is null) then
    return;
  end if;
  return query
  select x.total, to_jsonb(m), to_jsonb(c), to_jsonb(a)
    from (select n.id, count(*) over () as total
            from public.whatsapp_mensagens n
           where n.session_id = v_sessao
             and (v_chat is null or n.contato_id = v_chat)
             and (p ->> 'whatsapp_id' is null or n.whatsapp_id = p ->> 'whatsapp_id')
             and (p ->> 'minhas' is null or (n.remetente <> 'CLIENTE') = (p ->> 'minhas')::boolean)
             and (p ->> 'desde' is null or n.timestamp >= (p ->> 'desde')::timestamptz)
             and (p ->> 'ate' is null or n.timestamp <= (p ->> 'ate')::timestamptz)
           order by n.timestamp desc, n.ordem desc, n.id desc
           limit (p ->> 'limite')::int offset (p ->> 'pular')::int) x
    join public.whatsapp_mensagens m on m.id = x.id
    join public.whatsapp_contatos c on c.id = m.contato_id
    left join public.whatsapp_contatos a on a.id = m.autor_id
   order by m.timestamp desc, m.ordem desc, m.id desc;
end $$;

/*
 * Chats of one connection with their last message, the last used first.
 * pedido: { sessao, escopo, chat?, limite, pular }
 */
create or replace function public.buscar_conversas(pedido jsonb)
returns table (chat jsonb, ultima jsonb, nao_lidas bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
  v_sessao uuid := sentinela.sessao_no_escopo(p);
  v_chat uuid := case when p ? 'chat' then sentinela.chat_de(v_sessao, p -> 'chat') end;
begin
  if v_sessao is null or (p ? 'chat' and v_chat is null) then
    return;
  end if;
  return query
  select to_jsonb(c), to_jsonb(m),
         coalesce((select sum(t.nao_lidas) from public.whatsapp_atendimentos t
                    where t.contato_id = c.id and t.status in ('AGUARDANDO', 'EM_ATENDIMENTO')), 0)::bigint
    from public.whatsapp_contatos c
   cross join lateral (select n.* from public.whatsapp_mensagens n where n.contato_id = c.id
                        order by n.timestamp desc, n.ordem desc limit 1) m
   where c.session_id = v_sessao and c.tipo <> 'eu' and (v_chat is null or c.id = v_chat)
   order by m.timestamp desc, c.id
   limit (p ->> 'limite')::int offset (p ->> 'pular')::int;
end $$;

do $$
declare
  papel text;
  funcao text;
begin
  -- By name: a policy lets users call some of the others.
  foreach funcao in array array['sentinela.chat_de(uuid, jsonb)', 'sentinela.sessao_no_escopo(jsonb)',
                                'public.buscar_mensagens(jsonb)', 'public.buscar_conversas(jsonb)'] loop
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

insert into public.whatsapp_schema (versao, nome) values ('20261121002000', 'conversas') on conflict do nothing;
