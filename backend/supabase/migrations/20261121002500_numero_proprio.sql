-- Another phone on the same connection. Each message and each atendimento keeps the connection's own number at that time
-- (numero_proprio; null = not known), and what was begun under one number is never gone on with under another: open
-- atendimentos of the old number are closed, or stay apart (setting aoTrocarNumero of the connection: fechar, separar).

alter table public.whatsapp_mensagens add column if not exists numero_proprio text;
alter table public.whatsapp_atendimentos add column if not exists numero_proprio text;
alter table public.whatsapp_sessions add column if not exists numero_em_uso text;
alter table public.whatsapp_sessions add column if not exists numero_em_uso_ordem bigint not null default 0;
alter table public.whatsapp_sessions add column if not exists numero_trocado_em timestamptz;
comment on column public.whatsapp_mensagens.numero_proprio is 'The connection''s own number when the message came or was accepted; null = not known (rows of before).';
comment on column public.whatsapp_atendimentos.numero_proprio is 'The connection''s own number that the customer writes to; null = not known (rows of before).';
comment on column public.whatsapp_sessions.numero_em_uso is 'The last own number that was seen; stays after a logout.';
comment on column public.whatsapp_sessions.numero_em_uso_ordem is 'Place in the journal at which it was seen first: an entry from before it, written late, changes nothing.';
comment on column public.whatsapp_sessions.numero_trocado_em is 'When another number was paired last; null = never.';

-- What was known until now. A logout by a person clears `numero`; the contato of this number keeps it.
update public.whatsapp_sessions s
   set numero_em_uso = coalesce(s.numero, (select c.numero from public.whatsapp_contatos c where c.session_id = s.id and c.tipo = 'eu'))
 where s.numero_em_uso is null;

-- At most one open atendimento per connection, contato and own number. The name stays: earlier files ask for it by name.
do $$
begin
  if pg_get_indexdef(to_regclass('public.whatsapp_atendimentos_um_aberto')) not like '%numero_proprio%' then
    drop index public.whatsapp_atendimentos_um_aberto;
  end if;
end $$;
create unique index if not exists whatsapp_atendimentos_um_aberto
  on public.whatsapp_atendimentos (session_id, contato_id, coalesce(numero_proprio, ''))
  where status in ('AGUARDANDO', 'EM_ATENDIMENTO');

-- Whether two numbers are one line: both spellings of a Brazilian mobile are. False when one is not known.
create or replace function sentinela.mesma_linha(a text, b text) returns boolean language sql immutable as $$
  select coalesce(regexp_replace(a, '^(55[1-9][0-9])9([6-9][0-9]{7})$', '\1\2')
                = regexp_replace(b, '^(55[1-9][0-9])9([6-9][0-9]{7})$', '\1\2'), false)
$$;

-- The own number of a message, as atendimentos have it: spelt as the connection's, and the connection's when it has none.
create or replace function sentinela.numero_de(s public.whatsapp_sessions, numero text) returns text language sql immutable as $$
  select case when numero is null or sentinela.mesma_linha(numero, s.numero_em_uso) then s.numero_em_uso else numero end
$$;

-- This connection is `p_numero` now. Another number than before ends what was open under it, or leaves it apart.
-- `certo`: the connection itself says so; else it is concluded from a message, which may be one from before that comes late.
create or replace function sentinela.usar_numero(p_sessao uuid, p_numero text, p_ordem bigint, certo boolean) returns void
language plpgsql as $$
declare
  s public.whatsapp_sessions;
begin
  select * into s from public.whatsapp_sessions where id = p_sessao for update;
  if p_numero is null or sentinela.mesma_linha(p_numero, s.numero_em_uso)
     or (s.numero_em_uso is not null and not certo and p_ordem <= s.numero_em_uso_ordem) then
    return;
  end if;
  update public.whatsapp_sessions
     set numero_em_uso = p_numero, numero_em_uso_ordem = coalesce(p_ordem, s.numero_em_uso_ordem),
         numero_trocado_em = case when s.numero_em_uso is null then s.numero_trocado_em else clock_timestamp() end
   where id = s.id;
  -- A number that was not known and is learned late is no other one.
  if s.numero_em_uso is null then
    return;
  end if;
  update public.whatsapp_atendimentos set numero_proprio = s.numero_em_uso
   where session_id = s.id and status in ('AGUARDANDO', 'EM_ATENDIMENTO') and numero_proprio is null;
  if s.configuracao ->> 'aoTrocarNumero' = 'separar' then
    return;
  end if;
  with abertos as (
    select a.id, a.status from public.whatsapp_atendimentos a
     where a.session_id = s.id and a.status in ('AGUARDANDO', 'EM_ATENDIMENTO') and not sentinela.mesma_linha(a.numero_proprio, p_numero)
     for update
  ), fechados as (
    update public.whatsapp_atendimentos t set status = 'CANCELADO' from abertos a where t.id = a.id
    returning t.id, t.owner_id, t.company_id, t.numero_proprio, a.status as antes
  )
  insert into public.whatsapp_atendimento_eventos (owner_id, company_id, atendimento_id, tipo, origem, texto, antes, depois)
  select f.owner_id, f.company_id, f.id, 'CANCELADO', 'sentinela',
         format('O número desta conexão mudou de %s para %s.', f.numero_proprio, p_numero),
         jsonb_build_object('status', f.antes), jsonb_build_object('status', 'CANCELADO')
    from fechados f;
end $$;

-- The contato of this number itself becomes that of another number. Whoever was a customer under the new number stays the
-- customer they were, under no address; whoever was this number before and a customer earlier is reached again.
create or replace function sentinela.trocar_eu(s public.whatsapp_sessions) returns void language plpgsql as $$
declare
  eu public.whatsapp_contatos;
  v_pn text := s.numero || '@s.whatsapp.net';
  v_lid text := case when s.lid like '%@%' then s.lid else s.lid || '@lid' end;
begin
  select * into eu from public.whatsapp_contatos where session_id = s.id and tipo = 'eu';
  if s.numero is null or eu.numero is null or sentinela.mesma_linha(eu.numero, s.numero) then
    return;
  end if;
  update public.whatsapp_contatos set pn = null, lid = null, numero = null where id = eu.id;
  update public.whatsapp_contatos c
     set pn = null, lid = null, jid = coalesce(c.pn, c.jid), numero = coalesce(c.numero, s.numero)
   where c.session_id = s.id and c.tipo = 'pessoa' and (c.pn in (v_pn, sentinela.outra_grafia(v_pn)) or c.lid = v_lid);
  update public.whatsapp_contatos c set pn = c.jid
   where c.session_id = s.id and c.tipo = 'pessoa' and c.pn is null and c.lid is null and c.jid like '%@s.whatsapp.net'
     and sentinela.mesma_linha(c.numero, eu.numero)
     and not exists (select from public.whatsapp_contatos o where o.session_id = s.id and o.pn = c.jid);
end $$;

-- As before, and the number that the connection has now. Only given fields are written.
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
  if depois.numero is not null and depois.numero is distinct from antes.numero_em_uso then
    perform sentinela.usar_numero(depois.id, depois.numero, (item ->> 'ordem')::bigint, true);
  end if;
  if (depois.numero, depois.lid) is distinct from (antes.numero, antes.lid) then
    perform sentinela.trocar_eu(depois);
    perform sentinela.resolver_contato(depois, 'null', true, true);
  end if;
  return sentinela.resultado_de(indice, case when nova then 'inserida' else 'atualizada' end, m, null, '[]');
end $$;

-- As before, within the own number of the messages. A run has one per connection (registrar_mensagens).
create or replace function sentinela.abrir_atendimentos(linhas sentinela.linha[]) returns sentinela.conversa[]
language plpgsql set enable_nestloop = off as $$
declare
  conversas sentinela.conversa[];
begin
  conversas := array(
    select row(k.contato_id, a.id, a.status, k.abre, false, u.id)::sentinela.conversa
      from (select n.contato_id, n.session_id, min(n.indice) filter (where n.remetente <> 'SISTEMA' and not n.historico) as abre,
                   max(n.item ->> 'numero_proprio') as numero
              from unnest(linhas) as n group by n.contato_id, n.session_id) as k
      join lateral (
        select sentinela.numero_de(x, k.numero) as numero, x.numero_trocado_em is null as sempre
          from public.whatsapp_sessions x where x.id = k.session_id limit 1) as p on true
      left join lateral (
        select t.id, t.status from public.whatsapp_atendimentos t
         where t.contato_id = k.contato_id and t.status in ('AGUARDANDO', 'EM_ATENDIMENTO')
           and (p.numero is null or t.numero_proprio is null or t.numero_proprio = p.numero)
         limit 1 for update) as a on true
      left join lateral (
        select t.id from public.whatsapp_atendimentos t
         where a.id is null and t.contato_id = k.contato_id and t.unido_a is null
           and (p.numero is null or t.numero_proprio = p.numero or (t.numero_proprio is null and p.sempre))
         order by t.data_inicio desc limit 1) as u on true);
  if not exists (select from unnest(conversas) as c where c.aberto is null and c.abre is not null) then
    return conversas;
  end if;
  with abertos as (
    insert into public.whatsapp_atendimentos as t (
      owner_id, company_id, session_id, contato_id, chat_jid, numero_cliente, nome_cliente, status, data_inicio, ultima_mensagem, canal,
      numero_proprio)
    select k.owner_id, k.company_id, k.session_id, k.id, k.jid, sentinela.numero_cliente(k), coalesce(k.nome, k.nome_perfil),
           case l.remetente when 'ATENDENTE' then 'EM_ATENDIMENTO' else 'AGUARDANDO' end, l.horario, l.horario,
           case k.tipo when 'grupo' then 'whatsapp_grupo' else 'whatsapp' end, p.numero
      from unnest(conversas) as c
      join unnest(linhas) as l on l.contato_id = c.contato_id and l.indice = c.abre
      join lateral (select * from public.whatsapp_contatos x where x.id = c.contato_id limit 1) as k on true
      join lateral (
        select sentinela.numero_de(x, (select max(n.item ->> 'numero_proprio') from unnest(linhas) as n
                                        where n.contato_id = c.contato_id)) as numero
          from public.whatsapp_sessions x where x.id = l.session_id limit 1) as p on true
     where c.aberto is null
    -- Somebody opened one in this very moment: take that.
    on conflict (session_id, contato_id, coalesce(numero_proprio, '')) where status in ('AGUARDANDO', 'EM_ATENDIMENTO')
      do update set status = t.status
    returning t.id, t.contato_id, t.status, t.xmax = 0 as novo
  )
  select array_agg(row(c.contato_id, coalesce(c.aberto, a.id), coalesce(c.status_antes, a.status), c.abre,
                       coalesce(a.novo, false), c.ultimo)::sentinela.conversa) into conversas
    from unnest(conversas) as c left join abertos a on a.contato_id = c.contato_id;
  return conversas;
end $$;

-- As before; history goes to atendimentos of its own number only.
create or replace function sentinela.colocar_linhas(linhas sentinela.linha[], conversas sentinela.conversa[])
returns sentinela.linha[] language plpgsql set enable_nestloop = off as $$
begin
  return array(
    select row(i.indice, i.session_id, i.contato_id, i.autor_id, i.id, i.whatsapp_id, i.horario, i.remetente, i.historico, i.existente,
               case
                 when i.existente is not null then null
                 when i.historico then (select t.id
                                          from public.whatsapp_atendimentos t join public.whatsapp_sessions s on s.id = t.session_id
                                         where t.contato_id = i.contato_id and t.data_inicio <= i.horario and t.unido_a is null
                                           and (i.item ->> 'numero_proprio' is null
                                                or t.numero_proprio = sentinela.numero_de(s, i.item ->> 'numero_proprio')
                                                or (t.numero_proprio is null and s.numero_trocado_em is null))
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
    timestamp, remetente, tipo, subtipo, conteudo, status, erro, lida, dados, resposta_a, midia_tipo, midia_nome, midia_tamanho,
    numero_proprio)
  select l.id, s.owner_id, s.company_id, l.session_id, l.contato_id, l.autor_id, l.atendimento_id, l.item #>> '{chat,jid}',
         l.item ->> 'remetente_jid', l.whatsapp_id, (l.item ->> 'ordem')::bigint, l.horario, l.remetente, l.item ->> 'tipo',
         l.item ->> 'subtipo', l.item ->> 'conteudo', l.item ->> 'status', l.item ->> 'erro',
         l.historico or l.item ->> 'status' in ('LIDA', 'REPRODUZIDA'), nullif(l.item -> 'dados', 'null'), l.item ->> 'resposta_a',
         l.item ->> 'midia_tipo', l.item ->> 'midia_nome', (l.item ->> 'midia_tamanho')::bigint, l.item ->> 'numero_proprio'
    from unnest(linhas) as l
    join public.whatsapp_sessions s on s.id = l.session_id;
end $$;

-- Stores a run of `mensagem` items. `indices` are their places in the batch. Messages of two own numbers of one connection
-- (an outage lay between them and this write) are two runs, in their order.
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
  numeros jsonb := '{}';
  desde integer := 1;
begin
  if exists (select from unnest(itens) as i(item) where i.item ->> 'numero_proprio' is not null
              group by i.item ->> 'sessao' having count(distinct i.item ->> 'numero_proprio') > 1) then
    for n in 1..cardinality(itens) + 1 loop
      if n > cardinality(itens) or numeros ->> (itens[n] ->> 'sessao') <> itens[n] ->> 'numero_proprio' then
        return query select * from sentinela.registrar_mensagens(itens[desde:n - 1], indices[desde:n - 1]);
        desde := n;
        numeros := '{}';
      end if;
      if itens[n] ->> 'numero_proprio' is not null then
        numeros := numeros || jsonb_build_object(itens[n] ->> 'sessao', itens[n] -> 'numero_proprio');
      end if;
    end loop;
    return;
  end if;
  perform sentinela.usar_numero(s.id, k.numero, k.ordem, false)
     from (select i.item ->> 'sessao' as sessao, max(i.item ->> 'numero_proprio') as numero, max((i.item ->> 'ordem')::bigint) as ordem
             from unnest(itens) as i(item) group by 1) as k
     join public.whatsapp_sessions s on s.session_name = k.sessao
    where k.numero is not null and k.numero is distinct from s.numero_em_uso;

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

-- As before; a chat that is read on one phone says nothing about what was written to another.
create or replace function sentinela.aplicar_leitura(
  s public.whatsapp_sessions, item jsonb, indice integer
) returns sentinela.resultado language plpgsql as $$
declare
  chat record;
  m public.whatsapp_mensagens;
  lidas integer;
  faltam text[];
  v_id text;
begin
  chat := sentinela.resolver_contato(s, item -> 'chat', true, false);
  if item ? 'whatsapp_ids' then
    update public.whatsapp_mensagens x set lida = true
      from jsonb_array_elements_text(item -> 'whatsapp_ids') as w(id)
     where x.session_id = s.id and x.whatsapp_id = w.id and x.contato_id = chat.contato
       and x.remetente = 'CLIENTE' and not x.lida;
  else
    update public.whatsapp_mensagens x set lida = true
      from public.whatsapp_atendimentos a
     where a.contato_id = chat.contato and a.nao_lidas > 0 and x.atendimento_id = a.id
       and (s.numero_em_uso is null or a.numero_proprio is null or a.numero_proprio = s.numero_em_uso)
       and x.timestamp <= (item ->> 'ate')::timestamptz and x.remetente = 'CLIENTE' and not x.lida;
  end if;
  get diagnostics lidas = row_count;
  faltam := array(
    select w.id from jsonb_array_elements_text(item -> 'whatsapp_ids') as w(id)
     where not exists (select from public.whatsapp_mensagens x
                        where x.session_id = s.id and x.whatsapp_id = w.id and x.contato_id = chat.contato));
  foreach v_id in array faltam loop
    perform sentinela.guardar_pendente(s, v_id, item || jsonb_build_object('whatsapp_ids', jsonb_build_array(v_id)));
  end loop;
  select x.* into m from public.whatsapp_mensagens x where x.contato_id = chat.contato order by x.timestamp desc limit 1;
  m.id := null;
  return sentinela.resultado_de(indice, case when lidas > 0 then 'atualizada' when faltam <> '{}' then 'pendente' else 'ignorada' end,
                                m, chat.contato, chat.unidos);
end $$;

-- Merges the open atendimentos of what is one person, each with that of the same own number. [{ de, para }], [] when none.
create or replace function sentinela.unir_abertos(fica uuid, sai uuid) returns jsonb language plpgsql as $$
declare
  um record;
  outro record;
  unidos jsonb := '[]';
begin
  for um in select id, numero_proprio from public.whatsapp_atendimentos
             where contato_id = sai and status in ('AGUARDANDO', 'EM_ATENDIMENTO') order by data_inicio, id loop
    select id, numero_proprio into outro from public.whatsapp_atendimentos
     where contato_id = fica and status in ('AGUARDANDO', 'EM_ATENDIMENTO')
       and (numero_proprio = um.numero_proprio or numero_proprio is null or um.numero_proprio is null)
     order by numero_proprio is distinct from um.numero_proprio, data_inicio limit 1;
    if outro.id is not null then
      unidos := unidos || sentinela.unir_atendimentos(um.id, outro.id);
      update public.whatsapp_atendimentos set numero_proprio = coalesce(um.numero_proprio, outro.numero_proprio)
       where id in (um.id, outro.id) and unido_a is null and numero_proprio is null;
    end if;
    -- One at a time: the next one may find it.
    update public.whatsapp_atendimentos set contato_id = fica where id = um.id;
  end loop;
  return unidos;
end $$;

-- As before, within each own number.
create or replace function sentinela.unir_contatos(fica uuid, sai uuid) returns jsonb language plpgsql as $$
declare
  velho public.whatsapp_contatos;
  unidos jsonb := sentinela.unir_abertos(fica, sai);
begin
  update public.whatsapp_atendimentos set contato_id = fica where contato_id = sai;
  perform sentinela.tirar_repetidas(fica, sai);
  update public.whatsapp_mensagens
     set contato_id = case when contato_id = sai then fica else contato_id end,
         autor_id = case when autor_id = sai then fica else autor_id end
   where id in (select sentinela.mensagens_de(sai));
  perform sentinela.unir_reacoes(fica, sai);
  delete from public.whatsapp_contatos where id = sai returning * into velho;
  update public.whatsapp_contatos
     set pn = coalesce(pn, velho.pn), lid = coalesce(lid, velho.lid), numero = coalesce(numero, velho.numero),
         nome = coalesce(nome, velho.nome), nome_perfil = coalesce(nome_perfil, velho.nome_perfil),
         nome_empresa = coalesce(nome_empresa, velho.nome_empresa),
         foto_url = case when velho.foto_em > coalesce(foto_em, '-infinity') then velho.foto_url else coalesce(foto_url, velho.foto_url) end,
         foto_em = greatest(foto_em, velho.foto_em),
         bloqueado = bloqueado or velho.bloqueado, opt_out = opt_out or velho.opt_out
   where id = fica;
  return unidos;
end $$;

-- As before; the robot speaks under the number that the customer wrote to, or not at all. pedido: { minutos, limite }
create or replace function public.robo_devidos(pedido jsonb)
returns table (sessao text, atendimento jsonb, ultima_cliente timestamptz, ultima_atendente timestamptz, configuracao jsonb, feitos jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
  desde timestamptz := now() - make_interval(mins => (p ->> 'minutos')::integer);
begin
  if not exists (select from public.whatsapp_configuracoes c where c.ativo and c.auto_resposta) then
    return;
  end if;
  return query
  select s.session_name, to_jsonb(a), m.cliente, m.atendente, to_jsonb(c),
         (select coalesce(jsonb_agg(jsonb_build_object('tipo', r.tipo, 'janela', r.janela)), '[]')
            from public.whatsapp_robo_envios r where r.atendimento_id = a.id)
    from (select x.* from public.whatsapp_atendimentos x
           where x.status in ('AGUARDANDO', 'EM_ATENDIMENTO') and x.ultima_mensagem >= desde
          union all
          select x.* from public.whatsapp_atendimentos x
           where x.data_fim >= desde and x.status = 'FINALIZADO' and x.unido_a is null) as a
    join public.whatsapp_sessions s on s.id = a.session_id
    join public.whatsapp_contatos k on k.id = a.contato_id and k.tipo = 'pessoa' and not k.bloqueado and not k.opt_out
   cross join lateral sentinela.configuracao_de(s) as c
   cross join lateral (
     select max(x.timestamp) filter (where x.remetente = 'CLIENTE') as cliente,
            max(x.timestamp) filter (where x.remetente = 'ATENDENTE') as atendente
       from public.whatsapp_mensagens x where x.atendimento_id = a.id) as m
   where a.canal = 'whatsapp' and c.ativo and c.auto_resposta
     and (a.numero_proprio is null or s.numero_em_uso is null or a.numero_proprio = s.numero_em_uso)
     and m.cliente >= case when a.data_fim is null then desde else '-infinity' end
     and not exists (select from public.whatsapp_sessions o where o.numero = k.numero)
   order by a.ultima_mensagem limit least((p ->> 'limite')::integer, 500);
end $$;

-- Taken, but never finished: the process died in between. pedido: { segundos, horas }
create or replace function public.robo_reservados(pedido jsonb) returns table (id uuid, sessao text, para text, texto text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
begin
  return query
  select r.id, s.session_name, r.para, r.texto
    from public.whatsapp_robo_envios r
    join public.whatsapp_sessions s on s.id = r.session_id
    join public.whatsapp_atendimentos a on a.id = r.atendimento_id
   where r.estado = 'RESERVADO' and r.created_at < now() - make_interval(secs => (p ->> 'segundos')::integer)
     and r.created_at > now() - make_interval(hours => (p ->> 'horas')::integer)
     and (a.numero_proprio is null or s.numero_em_uso is null or a.numero_proprio = s.numero_em_uso)
   order by r.created_at limit 100;
end $$;

do $$
declare
  papel text;
  funcao regprocedure;
begin
  for funcao in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'sentinela' and p.proname in ('mesma_linha', 'numero_de', 'usar_numero', 'trocar_eu', 'unir_abertos')
  loop
    execute format('revoke execute on function %s from public', funcao);
    foreach papel in array array['anon', 'authenticated'] loop
      if exists (select from pg_roles where rolname = papel) then
        execute format('revoke execute on function %s from %I', funcao, papel);
      end if;
    end loop;
  end loop;
end $$;

notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121002500', 'numero_proprio') on conflict do nothing;
