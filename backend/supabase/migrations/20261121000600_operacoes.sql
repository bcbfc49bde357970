-- Everything that is not a new message: edits, deletions, reactions, statuses, read marks, names, the session itself.
-- An operation whose target is not there yet is kept in whatsapp_status_pendentes and applied when it comes.

-- The moves a message's status may make, and no others. RECEBIDA never changes.
create or replace function sentinela.pode_mover(de text, para text) returns boolean language sql immutable as $$
  select de || ' > ' || para = any (array[
    'PENDENTE > ENVIADA', 'PENDENTE > ENTREGUE', 'PENDENTE > LIDA', 'PENDENTE > REPRODUZIDA', 'PENDENTE > ERRO',
    'ENVIADA > ENTREGUE', 'ENVIADA > LIDA', 'ENVIADA > REPRODUZIDA', 'ENVIADA > ERRO',
    'ENTREGUE > LIDA', 'ENTREGUE > REPRODUZIDA',
    'LIDA > REPRODUZIDA',
    'ERRO > ENVIADA', 'ERRO > ENTREGUE', 'ERRO > LIDA', 'ERRO > REPRODUZIDA'])
$$;

-- Joins two jsonb objects, inner objects too; where both have a value, `b` wins.
create or replace function sentinela.mesclar_json(a jsonb, b jsonb) returns jsonb language plpgsql immutable as $$
declare
  chave text;
begin
  if a is null or b is null or jsonb_typeof(a) <> 'object' or jsonb_typeof(b) <> 'object' then
    return coalesce(b, a);
  end if;
  for chave in select k from jsonb_object_keys(b) as k where a ? k and jsonb_typeof(b -> k) = 'object' loop
    b := b || jsonb_build_object(chave, sentinela.mesclar_json(a -> chave, b -> chave));
  end loop;
  return a || b;
end $$;

create or replace function sentinela.guardar_pendente(s public.whatsapp_sessions, p_whatsapp_id text, item jsonb) returns void
language plpgsql as $$
begin
  insert into public.whatsapp_status_pendentes (session_id, whatsapp_id, op, evento)
  values (s.id, p_whatsapp_id, item ->> 'op', item) on conflict do nothing;
  -- Each new one makes room: what waited for 30 days waits for a message from before this gateway.
  delete from public.whatsapp_status_pendentes where id in (
    select id from public.whatsapp_status_pendentes where created_at < now() - interval '30 days' order by created_at limit 2);
end $$;

-- Applies what waited, oldest first. What still finds no target is kept again.
create or replace function sentinela.aplicar_pendentes(ids bigint[]) returns void language plpgsql as $$
declare
  alvo bigint;
  v_evento jsonb;
begin
  foreach alvo in array ids loop
    delete from public.whatsapp_status_pendentes where id = alvo returning evento into v_evento;
    if v_evento is not null then
      perform sentinela.aplicar_evento(v_evento, 0);
    end if;
  end loop;
end $$;

create or replace function sentinela.aplicar_pendentes_das_linhas(linhas sentinela.linha[]) returns void language plpgsql as $$
begin
  perform sentinela.aplicar_pendentes(array(
    select p.id from unnest(linhas) as l
      join lateral (select e.id from public.whatsapp_status_pendentes e
                     where e.session_id = l.session_id and e.whatsapp_id = l.whatsapp_id offset 0) as p on true
     order by p.id));
end $$;

-- After a merge: what waited because its address was not yet known to be this contato's.
create or replace function sentinela.aplicar_pendentes_do_contato(contato uuid) returns void language plpgsql as $$
begin
  perform sentinela.aplicar_pendentes(array(
    select p.id from public.whatsapp_status_pendentes p
     where exists (select from public.whatsapp_mensagens m
                    where m.session_id = p.session_id and m.whatsapp_id = p.whatsapp_id and m.contato_id = contato)
     order by p.id));
end $$;

-- The message that an operation points at. Our own ids are known to nobody else before the message reaches them, so an
-- own message is also found when its chat was addressed differently; another's message only in its chat by its author.
create or replace function sentinela.achar_alvo(
  s public.whatsapp_sessions, alvo jsonb, out m public.whatsapp_mensagens, out unidos jsonb
) language plpgsql as $$
declare
  chat record;
  autor record;
begin
  chat := sentinela.resolver_contato(s, alvo -> 'chat', true, false);
  unidos := chat.unidos;
  if alvo -> 'autor' = alvo -> 'chat' then
    autor := chat;
  else
    autor := sentinela.resolver_contato(s, coalesce(alvo -> 'autor', 'null'), true, false);
    unidos := unidos || autor.unidos;
  end if;
  -- `offset 0`: by its id first; this number alone may have written a million others.
  select x.* into m
    from (select * from public.whatsapp_mensagens
           where session_id = s.id and whatsapp_id = alvo ->> 'whatsapp_id' offset 0) as x
   where x.autor_id = autor.contato and (x.contato_id = chat.contato or coalesce(alvo -> 'autor', 'null') = 'null')
   order by x.contato_id = chat.contato desc nulls last limit 1;
end $$;

create or replace function sentinela.resultado_de(
  indice integer, o_que text, m public.whatsapp_mensagens, contato uuid, unidos jsonb
) returns sentinela.resultado language plpgsql stable as $$
declare
  v_status text;
begin
  select a.status into v_status from public.whatsapp_atendimentos a where a.id = m.atendimento_id;
  return row(indice, o_que, m.id, m.atendimento_id, coalesce(m.contato_id, contato), false, v_status, nullif(unidos, '[]'))::sentinela.resultado;
end $$;

create or replace function sentinela.aplicar_edicao(m public.whatsapp_mensagens, item jsonb) returns boolean language plpgsql as $$
begin
  update public.whatsapp_mensagens x
     set conteudo = item ->> 'conteudo', editada_em = (item ->> 'editada_em')::timestamptz,
         dados = jsonb_build_object('conteudo_original', x.conteudo) || coalesce(x.dados, '{}')
   where x.id = m.id and x.apagada_em is null
     and (x.editada_em is null or x.editada_em < (item ->> 'editada_em')::timestamptz);
  return found;
end $$;

-- Agents see that it was deleted; what it said stays in dados.conteudo_original.
create or replace function sentinela.aplicar_apagamento(m public.whatsapp_mensagens, item jsonb) returns boolean language plpgsql as $$
begin
  update public.whatsapp_mensagens x
     set conteudo = 'Mensagem apagada', apagada_em = (item ->> 'apagada_em')::timestamptz,
         dados = jsonb_build_object('conteudo_original', x.conteudo) || coalesce(x.dados, '{}')
   where x.id = m.id and x.apagada_em is null;
  return found;
end $$;

-- One reaction per person: [{ autor_id, jid, nome, emoji, timestamp }].
create or replace function sentinela.aplicar_reacao(
  s public.whatsapp_sessions, m public.whatsapp_mensagens, item jsonb
) returns boolean language plpgsql as $$
declare
  quem uuid;
  outras jsonb;
  depois jsonb;
begin
  select r.contato into quem from sentinela.resolver_contato(s, coalesce(item -> 'autor', 'null'), true, true) as r;
  select coalesce(jsonb_agg(r), '[]') into outras from jsonb_array_elements(coalesce(m.reacoes, '[]')) as r
   where r ->> 'autor_id' <> quem::text;
  depois := outras || case when item ->> 'emoji' is null then '[]' else (
    select jsonb_build_array(jsonb_build_object('autor_id', c.id, 'jid', c.jid, 'nome', coalesce(c.nome, c.nome_perfil),
             'emoji', item ->> 'emoji', 'timestamp', item ->> 'timestamp'))
      from public.whatsapp_contatos c where c.id = quem) end;
  update public.whatsapp_mensagens x set reacoes = nullif(depois, '[]')
   where x.id = m.id and x.reacoes is distinct from nullif(depois, '[]');
  return found;
end $$;

create or replace function sentinela.grau(status text) returns integer language sql immutable as $$
  select array_position(array['ENVIADA', 'ENTREGUE', 'LIDA', 'REPRODUZIDA'], status)
$$;

-- The lowest status among the participants of a group, from dados.recibos.participantes = { contato: { STATUS: time } }.
-- While fewer than dados.participantes (how many it was sent to) have answered, it is not delivered to all: null.
create or replace function sentinela.menor_status(dados jsonb) returns text language plpgsql immutable as $$
begin
  return (select case when (dados ->> 'participantes')::integer > count(*) then null
              else (array['ENVIADA', 'ENTREGUE', 'LIDA', 'REPRODUZIDA'])[min(maior)] end
    from (select (select max(sentinela.grau(k)) from jsonb_object_keys(p.value) as k) as maior
            from jsonb_each(dados #> '{recibos,participantes}') as p) as q);
end $$;

create or replace function sentinela.aplicar_status(
  s public.whatsapp_sessions, m public.whatsapp_mensagens, item jsonb
) returns boolean language plpgsql as $$
declare
  novo text := item ->> 'status';
  hora timestamptz := (item ->> 'timestamp')::timestamptz;
  recibo jsonb := jsonb_build_object(item ->> 'status', item -> 'timestamp');
  confirma boolean;
  move boolean;
  depois jsonb := m.dados;
  quem uuid;
begin
  if item #>> '{participante,tipo}' is not null and item #>> '{chat,tipo}' = 'grupo' then
    select r.contato into quem from sentinela.resolver_contato(s, item -> 'participante', true, true) as r;
    recibo := jsonb_build_object('participantes', jsonb_build_object(quem::text, recibo));
    depois := sentinela.mesclar_json(jsonb_build_object('recibos', recibo), coalesce(m.dados, '{}'));
    novo := sentinela.menor_status(depois);
  elsif novo <> 'ERRO' then
    -- The first time stays: devices of one person send receipts of their own.
    depois := sentinela.mesclar_json(jsonb_build_object('recibos', recibo), coalesce(m.dados, '{}'));
  end if;
  move := coalesce(sentinela.pode_mover(m.status, novo), false);
  confirma := novo = 'ENVIADA' and (move or m.dados #> '{recibos,ENVIADA}' is null) and item #> '{participante,tipo}' is null;
  if not move and depois is not distinct from m.dados then
    return false;
  end if;
  update public.whatsapp_mensagens x
     set status = case when move then novo else x.status end,
         erro = case when not move then x.erro when novo = 'ERRO' then item ->> 'erro' end,
         timestamp = case when confirma then hora else x.timestamp end,
         lida = x.lida or (move and novo in ('LIDA', 'REPRODUZIDA')),
         dados = depois
   where x.id = m.id;
  if confirma then
    update public.whatsapp_atendimentos set ultima_mensagem = hora where id = m.atendimento_id and ultima_mensagem < hora;
  end if;
  return true;
end $$;

-- Operations on one message: edicao, apagamento, reacao, dados, status.
create or replace function sentinela.aplicar_a_mensagem(
  s public.whatsapp_sessions, item jsonb, indice integer
) returns sentinela.resultado language plpgsql as $$
declare
  alvo jsonb := case when item ->> 'op' = 'status' then jsonb_build_object('chat', item -> 'chat', 'whatsapp_id', item -> 'whatsapp_id')
                     else item -> 'alvo' end;
  achado record;
  m public.whatsapp_mensagens;
  mudou boolean;
begin
  achado := sentinela.achar_alvo(s, alvo);
  m := achado.m;
  if m.id is null then
    perform sentinela.guardar_pendente(s, alvo ->> 'whatsapp_id', item);
    return sentinela.resultado_de(indice, 'pendente', m, null, achado.unidos);
  end if;
  case item ->> 'op'
    when 'edicao' then mudou := sentinela.aplicar_edicao(m, item);
    when 'apagamento' then mudou := sentinela.aplicar_apagamento(m, item);
    when 'reacao' then mudou := sentinela.aplicar_reacao(s, m, item);
    when 'status' then mudou := sentinela.aplicar_status(s, m, item);
    when 'dados' then
      update public.whatsapp_mensagens x set dados = sentinela.mesclar_json(coalesce(x.dados, '{}'), item -> 'dados')
       where x.id = m.id and x.dados is distinct from sentinela.mesclar_json(coalesce(x.dados, '{}'), item -> 'dados');
      mudou := found;
  end case;
  return sentinela.resultado_de(indice, case when mudou then 'atualizada' else 'ignorada' end, m, null, achado.unidos);
end $$;

-- Customers' messages were read here: these ids, or all of the chat up to a time.
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

create or replace function sentinela.aplicar_contato(
  s public.whatsapp_sessions, item jsonb, indice integer
) returns sentinela.resultado language plpgsql as $$
declare
  r record;
  m public.whatsapp_mensagens;
begin
  r := sentinela.resolver_contato(s, item -> 'contato', true, true);
  return sentinela.resultado_de(indice, case when r.novo then 'inserida' when r.mudou then 'atualizada' else 'ignorada' end,
                                m, r.contato, r.unidos);
end $$;

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
    insert into public.whatsapp_sessions (id, owner_id, session_name)
    values ((item ->> 'id')::uuid, (item ->> 'owner_id')::uuid, item ->> 'sessao') returning * into antes;
    nova := true;
  end if;
  depois := jsonb_populate_record(antes, item - 'id' - 'session_name' - 'created_at' - 'updated_at');
  update public.whatsapp_sessions
     set owner_id = depois.owner_id, company_id = depois.company_id, nome = depois.nome, driver = depois.driver,
         status = depois.status, estado = depois.estado, motivo = depois.motivo, numero = depois.numero, lid = depois.lid,
         qr_code = depois.qr_code, connected_at = depois.connected_at, disconnected_at = depois.disconnected_at,
         ultima_atividade = depois.ultima_atividade, configuracao = depois.configuracao
   where id = depois.id;
  if (depois.numero, depois.lid) is distinct from (antes.numero, antes.lid) then
    perform sentinela.resolver_contato(depois, 'null', true, true);
  end if;
  return sentinela.resultado_de(indice, case when nova then 'inserida' else 'atualizada' end, m, null, '[]');
end $$;

create or replace function sentinela.aplicar_evento(item jsonb, indice integer) returns sentinela.resultado language plpgsql as $$
begin
  case item ->> 'op'
    when 'sessao' then return sentinela.aplicar_sessao(item, indice);
    when 'contato' then return sentinela.aplicar_contato(sentinela.sessao(item ->> 'sessao'), item, indice);
    when 'leitura' then return sentinela.aplicar_leitura(sentinela.sessao(item ->> 'sessao'), item, indice);
    when 'edicao', 'apagamento', 'reacao', 'status', 'dados' then
      return sentinela.aplicar_a_mensagem(sentinela.sessao(item ->> 'sessao'), item, indice);
    else
      raise exception 'unknown op %', coalesce(quote_literal(item ->> 'op'), 'null') using errcode = 'invalid_parameter_value';
  end case;
end $$;

insert into public.whatsapp_schema (versao, nome) values ('20261121000600', 'operacoes') on conflict do nothing;
