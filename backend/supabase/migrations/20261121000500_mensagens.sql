-- Storing messages: a run of them at once, because one statement for 500 rows costs a tenth of 500 statements.
-- Known messages are filtered before any atendimento is looked up or opened.
-- All in plpgsql: it keeps its plans for the life of a connection, a function in plain SQL is planned at every call.

do $$
begin
  if to_regtype('sentinela.linha') is null then
    -- One message on its way into the table. `existente`: the row that is already there; `atendimento_id`: where it goes.
    create type sentinela.linha as (
      indice integer, session_id uuid, contato_id uuid, autor_id uuid, id uuid, whatsapp_id text, horario timestamptz,
      remetente text, historico boolean, existente uuid, atendimento_id uuid, item jsonb);
    -- An address of the run and whose it is.
    create type sentinela.parte as (sessao public.whatsapp_sessions, endereco jsonb, oficial boolean, indice integer, contato_id uuid);
    -- The chat of some new messages. `abre`: index of the message that opens an atendimento; `ultimo`: the newest closed one.
    create type sentinela.conversa as (
      contato_id uuid, aberto uuid, status_antes text, abre integer, novo boolean, ultimo uuid);
  end if;
end $$;

create or replace function sentinela.sessao(p_nome text) returns public.whatsapp_sessions language plpgsql stable as $$
declare
  s public.whatsapp_sessions;
begin
  select * into s from public.whatsapp_sessions where session_name = p_nome;
  if s.id is null then
    raise exception 'there is no session named %', coalesce(quote_literal(p_nome), 'null') using errcode = 'foreign_key_violation';
  end if;
  return s;
end $$;

-- The contatos of all addresses of a run. Those that are known and unchanged are found by one statement.
create or replace function sentinela.resolver_partes(
  inout partes sentinela.parte[], out unidos jsonb
) language plpgsql as $$
declare
  p sentinela.parte;
  i integer;
  r record;
begin
  unidos := '{}';
  partes := array(
    select row(a.sessao, a.endereco, a.oficial, a.indice, c.id)::sentinela.parte
      from unnest(partes) with ordinality as a(sessao, endereco, oficial, indice, contato_id, n)
      -- Two arms instead of an OR, so that each has its own index whatever the planner knows about the table.
      left join lateral (
        select k.id, k.jid, k.tipo, k.nome, k.nome_perfil from public.whatsapp_contatos k
         where k.session_id = (a.sessao).id and k.pn = a.endereco ->> 'pn'
           and (a.endereco ->> 'lid' is null or k.lid = a.endereco ->> 'lid')
        union all
        select k.id, k.jid, k.tipo, k.nome, k.nome_perfil from public.whatsapp_contatos k
         where k.session_id = (a.sessao).id and k.lid = a.endereco ->> 'lid' and a.endereco ->> 'pn' is null
        limit 1) as c
        on c.jid = a.endereco ->> 'jid'
       and (c.tipo = 'eu' or a.endereco ->> 'tipo' <> 'eu')
       and (a.endereco ->> 'nome' is null or c.nome = a.endereco ->> 'nome')
       and (a.endereco ->> 'nome_perfil' is null or c.nome_perfil = a.endereco ->> 'nome_perfil')
     order by a.n);
  for i in select a.n from unnest(partes) with ordinality as a(sessao, endereco, oficial, indice, contato_id, n)
            where a.contato_id is null order by a.n loop
    p := partes[i];
    r := sentinela.resolver_contato(p.sessao, p.endereco, p.oficial, true);
    p.contato_id := r.contato;
    partes[i] := p;
    if r.sairam <> '{}' then
      partes := array(
        select row(a.sessao, a.endereco, a.oficial, a.indice,
                   case when a.contato_id = any (r.sairam) then r.contato else a.contato_id end)::sentinela.parte
          from unnest(partes) with ordinality as a(sessao, endereco, oficial, indice, contato_id, n) order by a.n);
    end if;
    if r.unidos <> '[]' then
      unidos := unidos || jsonb_build_object(p.indice::text, coalesce(unidos -> p.indice::text, '[]') || r.unidos);
    end if;
  end loop;
end $$;

-- The lines of a run with their contatos, and whether each is already there.
-- Nested loops are off where arrays meet arrays: a cached plan thinks they have 10 elements, they have 500.
create or replace function sentinela.montar_linhas(
  itens jsonb[], indices integer[], partes sentinela.parte[]
) returns sentinela.linha[] language plpgsql set enable_nestloop = off as $$
begin
  return array(
    with linhas as materialized (
      select i.indice, (chat.sessao).id as session_id, chat.contato_id, autor.contato_id as autor_id, (i.item ->> 'id')::uuid as id,
             i.item ->> 'whatsapp_id' as whatsapp_id, (i.item ->> 'timestamp')::timestamptz as horario,
             i.item ->> 'remetente' as remetente, coalesce((i.item ->> 'historico')::boolean, false) as historico, i.item
        from unnest(itens, indices) as i(item, indice)
        join unnest(partes) as chat
          on (chat.sessao).session_name = i.item ->> 'sessao' and chat.endereco = i.item -> 'chat'
        join unnest(partes) as autor
          on (autor.sessao).session_name = i.item ->> 'sessao' and autor.endereco = coalesce(i.item -> 'autor', 'null')
    )
    select row(l.indice, l.session_id, l.contato_id, l.autor_id, l.id, l.whatsapp_id, l.horario, l.remetente, l.historico,
               coalesce(chave.id, mesma.id), null, l.item)::sentinela.linha
      from linhas as l
      -- `offset 0`: the id decides, whatever the planner thinks of the other columns' indexes.
      left join lateral (
        select m.id, m.contato_id, m.autor_id from public.whatsapp_mensagens m
         where m.session_id = l.session_id and m.whatsapp_id = l.whatsapp_id offset 0) as chave
        on chave.contato_id = l.contato_id and chave.autor_id = l.autor_id
      left join lateral (select m.id from public.whatsapp_mensagens m where m.id = l.id limit 1) as mesma on true
     order by l.indice);
end $$;

-- Whose chat, who wrote it, and whether it is already there.
create or replace function sentinela.preparar_linhas(
  itens jsonb[], indices integer[], out linhas sentinela.linha[], out unidos jsonb
) language plpgsql as $$
declare
  partes sentinela.parte[];
  resolvidas record;
begin
  partes := array(
    with sessoes as materialized (
      select n.nome, sentinela.sessao(n.nome) as linha from (select distinct item ->> 'sessao' as nome from unnest(itens) as item) as n
    ), enderecos as (
      select item ->> 'sessao' as sessao, d.endereco, bool_or(item ->> 'status' <> 'PENDENTE') as oficial, min(indice) as indice
        from unnest(itens, indices) as i(item, indice)
       cross join lateral (values (item -> 'chat'), (coalesce(item -> 'autor', 'null'))) as d(endereco)
       group by 1, 2
    )
    select row(s.linha, e.endereco, e.oficial, e.indice, null)::sentinela.parte
      from enderecos e join sessoes s on s.nome is not distinct from e.sessao
     order by e.indice);
  resolvidas := sentinela.resolver_partes(partes);
  unidos := resolvidas.unidos;
  linhas := sentinela.montar_linhas(itens, indices, resolvidas.partes);
end $$;

-- The atendimento of every chat that has new messages; opened when a customer's or an agent's message asks for it.
-- Rows are locked, so that an agent who closes one at the same time is not overruled.
create or replace function sentinela.abrir_atendimentos(linhas sentinela.linha[]) returns sentinela.conversa[]
language plpgsql set enable_nestloop = off as $$
declare
  conversas sentinela.conversa[];
begin
  conversas := array(
    select row(k.contato_id, a.id, a.status, k.abre, false, u.id)::sentinela.conversa
      from (select n.contato_id, min(n.indice) filter (where n.remetente <> 'SISTEMA' and not n.historico) as abre
              from unnest(linhas) as n group by n.contato_id) as k
      left join lateral (
        select t.id, t.status from public.whatsapp_atendimentos t
         where t.contato_id = k.contato_id and t.status in ('AGUARDANDO', 'EM_ATENDIMENTO')
         limit 1 for update) as a on true
      left join lateral (
        select t.id from public.whatsapp_atendimentos t
         where a.id is null and t.contato_id = k.contato_id and t.unido_a is null
         order by t.data_inicio desc limit 1) as u on true);
  if not exists (select from unnest(conversas) as c where c.aberto is null and c.abre is not null) then
    return conversas;
  end if;
  with abertos as (
    insert into public.whatsapp_atendimentos as t (
      owner_id, company_id, session_id, contato_id, chat_jid, numero_cliente, nome_cliente, status, data_inicio, ultima_mensagem, canal)
    select k.owner_id, k.company_id, k.session_id, k.id, k.jid, sentinela.numero_cliente(k), coalesce(k.nome, k.nome_perfil),
           case l.remetente when 'ATENDENTE' then 'EM_ATENDIMENTO' else 'AGUARDANDO' end, l.horario, l.horario,
           case k.tipo when 'grupo' then 'whatsapp_grupo' else 'whatsapp' end
      from unnest(conversas) as c
      join unnest(linhas) as l on l.contato_id = c.contato_id and l.indice = c.abre
      join lateral (select * from public.whatsapp_contatos x where x.id = c.contato_id limit 1) as k on true
     where c.aberto is null
    -- Somebody reopened an old one in this very moment: take that.
    on conflict (session_id, contato_id) where status in ('AGUARDANDO', 'EM_ATENDIMENTO') do update set status = t.status
    returning t.id, t.contato_id, t.status, t.xmax = 0 as novo
  )
  select array_agg(row(c.contato_id, coalesce(c.aberto, a.id), coalesce(c.status_antes, a.status), c.abre,
                       coalesce(a.novo, false), c.ultimo)::sentinela.conversa) into conversas
    from unnest(conversas) as c left join abertos a on a.contato_id = c.contato_id;
  return conversas;
end $$;

-- Which atendimento each new line belongs to.
create or replace function sentinela.colocar_linhas(linhas sentinela.linha[], conversas sentinela.conversa[])
returns sentinela.linha[] language plpgsql set enable_nestloop = off as $$
begin
  return array(
    select row(i.indice, i.session_id, i.contato_id, i.autor_id, i.id, i.whatsapp_id, i.horario, i.remetente, i.historico, i.existente,
               case
                 when i.existente is not null then null
                 when i.historico then (select t.id from public.whatsapp_atendimentos t
                                         where t.contato_id = i.contato_id and t.data_inicio <= i.horario and t.unido_a is null
                                         order by t.data_inicio desc limit 1)
                 when c.aberto is not null and (not c.novo or i.indice >= c.abre) then c.aberto
                 else c.ultimo
               end, i.item)::sentinela.linha
      from unnest(linhas) as i left join unnest(conversas) as c on c.contato_id = i.contato_id);
end $$;

create or replace function sentinela.inserir_linhas(linhas sentinela.linha[]) returns void language plpgsql as $$
begin
  insert into public.whatsapp_mensagens (
    id, owner_id, company_id, session_id, contato_id, autor_id, atendimento_id, chat_jid, remetente_jid, whatsapp_id, ordem,
    timestamp, remetente, tipo, subtipo, conteudo, status, erro, lida, dados, resposta_a, midia_tipo, midia_nome, midia_tamanho)
  select l.id, s.owner_id, s.company_id, l.session_id, l.contato_id, l.autor_id, l.atendimento_id, l.item #>> '{chat,jid}',
         l.item ->> 'remetente_jid', l.whatsapp_id, (l.item ->> 'ordem')::bigint, l.horario, l.remetente, l.item ->> 'tipo',
         l.item ->> 'subtipo', l.item ->> 'conteudo', l.item ->> 'status', l.item ->> 'erro',
         l.historico or l.item ->> 'status' in ('LIDA', 'REPRODUZIDA'), nullif(l.item -> 'dados', 'null'), l.item ->> 'resposta_a',
         l.item ->> 'midia_tipo', l.item ->> 'midia_nome', (l.item ->> 'midia_tamanho')::bigint
    from unnest(linhas) as l
    join public.whatsapp_sessions s on s.id = l.session_id;
end $$;

-- What new messages mean for their atendimentos: unread ones, the newest time, and that an agent has answered.
create or replace function sentinela.contar_linhas(linhas sentinela.linha[]) returns void language plpgsql as $$
begin
  update public.whatsapp_atendimentos a
     set nao_lidas = a.nao_lidas + n.novas,
         ultima_mensagem = greatest(a.ultima_mensagem, n.ultima),
         status = case when a.status = 'AGUARDANDO' and n.respondida then 'EM_ATENDIMENTO' else a.status end
    from (select l.atendimento_id, max(l.horario) as ultima,
                 (count(*) filter (where l.remetente = 'CLIENTE' and not l.historico))::integer as novas,
                 bool_or(l.remetente = 'ATENDENTE' and not l.historico) as respondida
            from unnest(linhas) as l where l.atendimento_id is not null group by l.atendimento_id) as n
   where a.id = n.atendimento_id;
end $$;

-- A message that could not be read at first got its content: replaced in place, order and read marks stay.
create or replace function sentinela.substituir_indecifravel(l sentinela.linha) returns boolean language plpgsql as $$
declare
  texto text := l.item ->> 'conteudo';
begin
  if l.item ->> 'subtipo' is not distinct from 'INDECIFRAVEL' then
    return false;
  end if;
  update public.whatsapp_mensagens m
     set tipo = l.item ->> 'tipo',
         subtipo = l.item ->> 'subtipo',
         conteudo = case when m.apagada_em is null and m.editada_em is null then texto else m.conteudo end,
         dados = nullif(sentinela.mesclar_json(
           coalesce(nullif(l.item -> 'dados', 'null'), '{}'),
           coalesce(m.dados, '{}') || case when m.apagada_em is null and m.editada_em is null then '{}'::jsonb
                                           else jsonb_build_object('conteudo_original', texto) end), '{}'),
         resposta_a = l.item ->> 'resposta_a',
         midia_tipo = l.item ->> 'midia_tipo', midia_nome = l.item ->> 'midia_nome',
         midia_tamanho = (l.item ->> 'midia_tamanho')::bigint
   where m.id = l.existente and m.subtipo = 'INDECIFRAVEL';
  return found;
end $$;

-- One result per line: what became of it, and its atendimento as it stands after it.
create or replace function sentinela.resultados(
  linhas sentinela.linha[], conversas sentinela.conversa[], substituidas integer[], unidos jsonb
) returns setof sentinela.resultado language plpgsql set enable_nestloop = off as $$
begin
  return query
  select l.indice,
         case when l.existente is null then 'inserida' when l.indice = any (substituidas) then 'atualizada' else 'duplicada' end,
         coalesce(l.existente, l.id), a.id, l.contato_id, coalesce(c.novo and c.abre = l.indice, false),
         -- Later messages of the same run may have moved it on.
         case when l.existente is null and a.id = c.aberto and c.status_antes = 'AGUARDANDO' and a.status = 'EM_ATENDIMENTO'
                and not bool_or(l.existente is null and l.remetente = 'ATENDENTE' and not l.historico)
                        over (partition by l.contato_id order by l.indice)
              then 'AGUARDANDO' else a.status end,
         unidos -> l.indice::text
    from unnest(linhas) as l
    left join unnest(conversas) as c on c.contato_id = l.contato_id
    left join lateral (
      select t.id, t.status from public.whatsapp_atendimentos t
       where t.id = case when l.existente is null then l.atendimento_id
                         else (select m.atendimento_id from public.whatsapp_mensagens m where m.id = l.existente) end
       limit 1) as a on true;
end $$;

-- Stores a run of `mensagem` items. `indices` are their places in the batch.
create or replace function sentinela.registrar_mensagens(itens jsonb[], indices integer[])
returns setof sentinela.resultado language plpgsql as $$
declare
  preparo record;
  linhas sentinela.linha[];
  novas sentinela.linha[];
  conversas sentinela.conversa[];
  repetidas integer[];
  substituidas integer[] := '{}';
  l sentinela.linha;
begin
  preparo := sentinela.preparar_linhas(itens, indices);
  -- The same message twice in one run: the second copy is judged after the first is stored.
  repetidas := array(
    select r.indice from (select i.indice, row_number() over (
        partition by i.session_id, i.whatsapp_id, i.contato_id, i.autor_id order by i.indice) as vez from unnest(preparo.linhas) as i) as r
     where r.vez > 1);
  linhas := case when repetidas = '{}' then preparo.linhas
                 else array(select i from unnest(preparo.linhas) as i where i.indice <> all (repetidas)) end;

  novas := array(select i from unnest(linhas) as i where i.existente is null);
  if novas <> '{}' then
    conversas := sentinela.abrir_atendimentos(novas);
    linhas := sentinela.colocar_linhas(linhas, conversas);
    novas := array(select i from unnest(linhas) as i where i.existente is null);
    perform sentinela.inserir_linhas(novas);
    perform sentinela.contar_linhas(novas);
  end if;

  if cardinality(novas) < cardinality(linhas) then
    foreach l in array linhas loop
      if l.existente is not null and sentinela.substituir_indecifravel(l) then
        substituidas := substituidas || l.indice;
      end if;
    end loop;
  end if;

  return query select * from sentinela.resultados(linhas, conversas, substituidas, preparo.unidos);
  perform sentinela.aplicar_pendentes_das_linhas(novas);
  if repetidas <> '{}' then
    return query select * from sentinela.registrar_mensagens(
      array(select i.item from unnest(itens, indices) as i(item, indice) where i.indice = any (repetidas) order by i.indice), repetidas);
  end if;
end $$;

insert into public.whatsapp_schema (versao, nome) values ('20261121000500', 'mensagens') on conflict do nothing;
