-- One person is one, also inside `dados` and `reacoes`: voters, mentions, quoted authors, answers to events, receipts and
-- reactions name the contato's number, and `<digits>@lid` only while nobody knows it. Addresses are replaced when they are
-- written, and once more when the number of a LID becomes known later.

-- Messages that name a LID without a number; `alvo` is the message, or (receipts of a group) the group's contato.
create table if not exists sentinela.lids_citados (
  session_id uuid not null references public.whatsapp_sessions (id) on delete cascade,
  lid text not null,
  alvo uuid not null,
  primary key (session_id, lid, alvo)
);
alter table sentinela.lids_citados enable row level security;

-- Finds the reactions of somebody when two contatos turn out to be one.
create index if not exists whatsapp_mensagens_reacoes on public.whatsapp_mensagens using gin (reacoes jsonb_path_ops)
  where reacoes is not null;

-- Whom an address means, as people read it: the number of the contato, else the address itself. `eu` is this number.
create or replace function sentinela.pessoa(p_session uuid, p_endereco text) returns text language plpgsql stable as $$
declare
  v_numero text;
begin
  if p_endereco = 'eu' then
    select c.numero into v_numero from public.whatsapp_contatos c where c.session_id = p_session and c.tipo = 'eu';
  elsif p_endereco like '%@lid' then
    select c.numero into v_numero from public.whatsapp_contatos c where c.session_id = p_session and c.lid = p_endereco;
  elsif p_endereco like '%@s.whatsapp.net' then
    select c.numero into v_numero from public.whatsapp_contatos c where c.session_id = p_session and c.pn = p_endereco;
    if v_numero is null then
      select c.numero into v_numero from public.whatsapp_contatos c
       where c.session_id = p_session and c.pn = sentinela.outra_grafia(p_endereco);
    end if;
    v_numero := coalesce(v_numero, split_part(p_endereco, '@', 1));
  end if;
  return coalesce(v_numero, p_endereco);
end $$;

-- The addresses that `dados` names. Paths are lax and silent: whatever else lies there is passed over.
create or replace function sentinela.enderecos_citados(dados jsonb) returns setof text language sql immutable as $$
  select distinct e #>> '{}' from (
    select jsonb_path_query(dados, '$.mencoes[*]', '{}', true) as e
    union all select jsonb_path_query(dados, '$.citacao.autor', '{}', true)
    union all select jsonb_path_query(dados, '$.citacao.mencoes[*]', '{}', true)
    union all select jsonb_path_query(dados, '$.enquete.votos[*].eleitores[*]', '{}', true)
    union all select jsonb_path_query(dados, '$.evento.respostas.keyvalue().key', '{}', true)
    union all select jsonb_path_query(dados, '$.chamada.participantes[*]', '{}', true)
    union all select jsonb_path_query(dados, '$.votosEvolution[*].votantes[*]', '{}', true)
    union all select jsonb_path_query(dados, '$.aviso.participantes[*] ? (@.pn == null).lid', '{}', true)) as t(e)
   where jsonb_typeof(e) = 'string' and e #>> '{}' ~ '^([0-9]+@(lid|s\.whatsapp\.net)|eu)$'
$$;

-- A list of addresses by `mapa` (address → number), each person once, in the order of their first mention.
create or replace function sentinela.trocar_lista(lista jsonb, mapa jsonb) returns jsonb language sql immutable as $$
  select case when jsonb_typeof(lista) = 'array' then
    (select coalesce(jsonb_agg(u.quem order by u.n), '[]') from (
       select coalesce(mapa -> (l.e #>> '{}'), l.e) as quem, min(l.n) as n
         from jsonb_array_elements(lista) with ordinality as l(e, n) group by 1) as u)
    else lista end
$$;

-- `@<LID>` in a text becomes `@<number>`, for those whom the message mentions.
create or replace function sentinela.trocar_mencoes(texto text, mencoes jsonb, mapa jsonb) returns text language plpgsql immutable as $$
declare
  v_lid text;
begin
  for v_lid in select m #>> '{}' from jsonb_path_query(mencoes, '$[*]', '{}', true) as m
                where mapa ? (m #>> '{}') and m #>> '{}' like '%@lid'
                  and strpos(texto, '@' || split_part(m #>> '{}', '@', 1)) > 0 loop
    texto := regexp_replace(texto, '@' || split_part(v_lid, '@', 1) || '(?![0-9])', '@' || (mapa ->> v_lid), 'g');
  end loop;
  return texto;
end $$;

-- A message with numbers for addresses. `faltam`: LIDs whose number nobody knows.
create or replace function sentinela.com_numeros(
  p_session uuid, inout conteudo text, inout dados jsonb, out faltam text[]
) language plpgsql stable as $$
declare
  mapa jsonb;
begin
  select jsonb_object_agg(c.e, c.quem) filter (where c.quem <> c.e),
         coalesce(array_agg(c.e) filter (where c.quem = c.e and c.e like '%@lid'), '{}')
    into mapa, faltam
    from (select e, sentinela.pessoa(p_session, e) as quem from sentinela.enderecos_citados(dados) as e) as c;
  if mapa is null then
    return;
  end if;
  if dados ? 'mencoes' then
    conteudo := sentinela.trocar_mencoes(conteudo, dados -> 'mencoes', mapa);
    dados := jsonb_set(dados, '{mencoes}', sentinela.trocar_lista(dados -> 'mencoes', mapa));
  end if;
  if jsonb_typeof(dados #> '{citacao,conteudo}') = 'string' and dados #> '{citacao,mencoes}' is not null then
    dados := jsonb_set(dados, '{citacao,conteudo}',
      to_jsonb(sentinela.trocar_mencoes(dados #>> '{citacao,conteudo}', dados #> '{citacao,mencoes}', mapa)));
    dados := jsonb_set(dados, '{citacao,mencoes}', sentinela.trocar_lista(dados #> '{citacao,mencoes}', mapa));
  end if;
  if mapa ? (dados #>> '{citacao,autor}') then
    dados := jsonb_set(dados, '{citacao,autor}', mapa -> (dados #>> '{citacao,autor}'));
  end if;
  if dados #> '{chamada,participantes}' is not null then
    dados := jsonb_set(dados, '{chamada,participantes}', sentinela.trocar_lista(dados #> '{chamada,participantes}', mapa));
  end if;
  if jsonb_typeof(dados #> '{enquete,votos}') = 'array' then
    dados := jsonb_set(dados, '{enquete,votos}', (
      select coalesce(jsonb_agg(case when jsonb_typeof(v -> 'eleitores') = 'array' then
               v || jsonb_build_object('eleitores', q.lista, 'votos', jsonb_array_length(q.lista)) else v end order by n), '[]')
        from jsonb_array_elements(dados #> '{enquete,votos}') with ordinality as o(v, n)
       cross join lateral (select sentinela.trocar_lista(o.v -> 'eleitores', mapa) as lista) as q));
  end if;
  if jsonb_typeof(dados -> 'votosEvolution') = 'array' then
    dados := jsonb_set(dados, '{votosEvolution}', (
      select coalesce(jsonb_agg(case when v ? 'votantes' then
               v || jsonb_build_object('votantes', sentinela.trocar_lista(v -> 'votantes', mapa)) else v end order by n), '[]')
        from jsonb_array_elements(dados -> 'votosEvolution') with ordinality as o(v, n)));
  end if;
  if jsonb_typeof(dados #> '{evento,respostas}') = 'object' then
    -- The last answer of each person counts.
    dados := jsonb_set(dados, '{evento,respostas}', (
      select coalesce(jsonb_object_agg(u.quem, u.value), '{}') from (
        select distinct on (quem) coalesce(mapa ->> r.key, r.key) as quem, r.value
          from jsonb_each(dados #> '{evento,respostas}') as r order by quem, r.value ->> 'em' desc nulls last) as u));
  end if;
  if jsonb_typeof(dados #> '{aviso,participantes}') = 'array' then
    dados := jsonb_set(dados, '{aviso,participantes}', (
      select coalesce(jsonb_agg(case when p ->> 'pn' is null and mapa ? (p ->> 'lid')
               then p || jsonb_build_object('pn', (mapa ->> (p ->> 'lid')) || '@s.whatsapp.net') else p end order by n), '[]')
        from jsonb_array_elements(dados #> '{aviso,participantes}') with ordinality as o(p, n)));
  end if;
end $$;

create or replace function sentinela.mostrar_numeros() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_faltam text[] := '{}';
  antes jsonb := '{}';
begin
  if new.dados ?| array['mencoes', 'citacao', 'enquete', 'evento', 'chamada', 'aviso', 'votosEvolution'] then
    select r.conteudo, r.dados, r.faltam into new.conteudo, new.dados, v_faltam
      from sentinela.com_numeros(new.session_id, new.conteudo, new.dados) as r;
  end if;
  if v_faltam <> '{}' then
    insert into sentinela.lids_citados (session_id, lid, alvo)
    select new.session_id, l, new.id from unnest(v_faltam) as l order by l on conflict do nothing;
  end if;
  if jsonb_typeof(new.dados -> 'participantes') = 'object' then
    if tg_op = 'UPDATE' and jsonb_typeof(old.dados -> 'participantes') = 'object' then
      antes := old.dados -> 'participantes';
    end if;
    insert into sentinela.lids_citados (session_id, lid, alvo)
    select new.session_id, k, new.contato_id from jsonb_object_keys(new.dados -> 'participantes') as k
     where k like '%@lid' and not antes ? k order by k on conflict do nothing;
  end if;
  return new;
end $$;

create or replace trigger whatsapp_mensagens_numeros_nova before insert on public.whatsapp_mensagens
  for each row when (new.dados ?| array['mencoes', 'citacao', 'enquete', 'evento', 'chamada', 'aviso', 'votosEvolution', 'participantes'])
  execute function sentinela.mostrar_numeros();
create or replace trigger whatsapp_mensagens_numeros before update of dados on public.whatsapp_mensagens
  for each row when (new.dados ?| array['mencoes', 'citacao', 'enquete', 'evento', 'chamada', 'aviso', 'votosEvolution', 'participantes'])
  execute function sentinela.mostrar_numeros();

-- ---------------------------------------------------------------------------------------------------------------------
-- Receipts of a group: dados.participantes = { number or LID: { lid?, entregue?, lido?, ouvido? } }.

-- What two entries of one person say together: the earliest time of each stays.
create or replace function sentinela.juntar_recibos(a jsonb, b jsonb) returns jsonb language sql immutable as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'lid', coalesce(a ->> 'lid', b ->> 'lid'), 'entregue', least(a ->> 'entregue', b ->> 'entregue'),
    'lido', least(a ->> 'lido', b ->> 'lido'), 'ouvido', least(a ->> 'ouvido', b ->> 'ouvido')))
$$;

-- Makes one entry of all that somebody has, under their number when it is known.
create or replace function sentinela.juntar_participante(participantes jsonb, p_numero text, p_lid text) returns jsonb
language plpgsql immutable as $$
begin
  if p_numero is null or p_lid is null or not participantes ? p_lid then
    return participantes;
  end if;
  return (participantes - p_lid) || jsonb_build_object(p_numero, sentinela.juntar_recibos(
    coalesce(participantes -> p_numero, '{}'), (participantes -> p_lid) || jsonb_build_object('lid', p_lid)));
end $$;

create or replace function sentinela.anotar_recibo(
  participantes jsonb, p_numero text, p_lid text, p_status text, hora text
) returns jsonb language plpgsql immutable as $$
declare
  campo text := case p_status when 'ENTREGUE' then 'entregue' when 'LIDA' then 'lido' when 'REPRODUZIDA' then 'ouvido' end;
  juntos jsonb := sentinela.juntar_participante(participantes, p_numero, p_lid);
  chave text := sentinela.chave_participante(juntos, p_numero, p_lid);
  antes jsonb := coalesce(juntos -> chave, '{}');
begin
  if campo is null or chave is null then
    return juntos;
  end if;
  return juntos || jsonb_build_object(chave, antes || jsonb_build_object(campo, least(antes ->> campo, hora)));
end $$;

create or replace function sentinela.anotar_destinatarios(
  participantes jsonb, destinatarios jsonb, s public.whatsapp_sessions
) returns jsonb language plpgsql stable as $$
declare
  d record;
  v_numero text;
  chave text;
  velha text;
begin
  for d in
    select split_part(e ->> 'pn', '@', 1) as numero, e ->> 'lid' as lid from jsonb_array_elements(destinatarios) as e
     where coalesce(e ->> 'pn', e ->> 'lid') is not null
       and coalesce(split_part(e ->> 'pn', '@', 1) <> s.numero, true)
       and coalesce(split_part(e ->> 'lid', '@', 1) <> split_part(s.lid, '@', 1), true)
  loop
    v_numero := coalesce(d.numero, nullif(sentinela.pessoa(s.id, d.lid), d.lid));
    participantes := sentinela.juntar_participante(participantes, v_numero, d.lid);
    velha := sentinela.chave_participante(participantes, v_numero, d.lid);
    chave := coalesce(v_numero, d.lid);
    participantes := (participantes - velha) || jsonb_build_object(chave,
      coalesce(participantes -> velha, '{}')
      || case when v_numero is not null and d.lid is not null then jsonb_build_object('lid', d.lid) else '{}' end);
  end loop;
  return participantes;
end $$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Reactions: [{ autor_id, jid, numero, nome, emoji, timestamp }], one per person.

-- Shows a contato in its reactions as it is known now; of several (two contatos became one) the last one stays.
create or replace function sentinela.rever_reacoes(contato uuid) returns void language plpgsql as $$
begin
  update public.whatsapp_mensagens m
     set reacoes = (
       select jsonb_agg(u.r order by u.n) from (
         select distinct on (o.r ->> 'autor_id')
                case when o.r ->> 'autor_id' = contato::text then o.r || jsonb_strip_nulls(jsonb_build_object(
                  'jid', c.jid, 'numero', sentinela.numero_cliente(c), 'nome', coalesce(c.nome, c.nome_perfil))) else o.r end as r, o.n
           from jsonb_array_elements(m.reacoes) with ordinality as o(r, n)
          order by o.r ->> 'autor_id', o.r ->> 'timestamp' desc nulls last, o.n desc) as u)
    from public.whatsapp_contatos c
   where c.id = contato and m.reacoes @> jsonb_build_array(jsonb_build_object('autor_id', contato));
end $$;

create or replace function sentinela.unir_reacoes(fica uuid, sai uuid) returns void language plpgsql as $$
begin
  update public.whatsapp_mensagens m
     set reacoes = (select jsonb_agg(case when r ->> 'autor_id' = sai::text then r || jsonb_build_object('autor_id', fica) else r end)
                      from jsonb_array_elements(m.reacoes) as r)
   where m.reacoes @> jsonb_build_array(jsonb_build_object('autor_id', sai));
  perform sentinela.rever_reacoes(fica);
end $$;

create or replace function sentinela.aplicar_reacao(
  s public.whatsapp_sessions, m public.whatsapp_mensagens, item jsonb
) returns boolean language plpgsql as $$
declare
  quem uuid;
  outras jsonb;
  depois jsonb;
begin
  select r.contato into quem from sentinela.resolver_contato(s, coalesce(item -> 'autor', 'null'), true, true) as r;
  -- As it stands now: finding out who it is may have merged two contatos.
  select coalesce(jsonb_agg(r), '[]') into outras
    from public.whatsapp_mensagens x, jsonb_array_elements(coalesce(x.reacoes, '[]')) as r
   where x.id = m.id and r ->> 'autor_id' <> quem::text;
  depois := outras || case when item ->> 'emoji' is null then '[]' else (
    select jsonb_build_array(jsonb_build_object('autor_id', c.id, 'jid', c.jid, 'numero', sentinela.numero_cliente(c),
             'nome', coalesce(c.nome, c.nome_perfil), 'emoji', item ->> 'emoji', 'timestamp', item ->> 'timestamp'))
      from public.whatsapp_contatos c where c.id = quem) end;
  update public.whatsapp_mensagens x set reacoes = nullif(depois, '[]')
   where x.id = m.id and x.reacoes is distinct from nullif(depois, '[]');
  return found;
end $$;

-- As before, and reactions in groups follow, too.
create or replace function sentinela.unir_contatos(fica uuid, sai uuid) returns jsonb language plpgsql as $$
declare
  velho public.whatsapp_contatos;
  abertos uuid[];
  unidos jsonb := '[]';
begin
  select array_agg(id) into abertos from public.whatsapp_atendimentos
   where contato_id in (fica, sai) and status in ('AGUARDANDO', 'EM_ATENDIMENTO');
  if cardinality(abertos) = 2 then
    unidos := jsonb_build_array(sentinela.unir_atendimentos(abertos[1], abertos[2]));
  end if;
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

-- ---------------------------------------------------------------------------------------------------------------------
-- The number of a LID became known: whatever named the LID names the number from now on.
create or replace function sentinela.numero_aprendido() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  alvos uuid[];
begin
  with vistos as (
    delete from sentinela.lids_citados where session_id = new.session_id and lid = new.lid returning alvo
  )
  select array_agg(alvo) into alvos from vistos;
  if alvos is not null then
    -- The trigger of the table replaces the address; votes are counted once more, since two of them may be one person's.
    update public.whatsapp_mensagens m
       set dados = m.dados || case when exists (select from jsonb_object_keys(m.dados) as k where k like 'voto:%')
                                   then '{"votosPendentes": true}'::jsonb else '{}' end
     where m.id = any (alvos) and jsonb_typeof(m.dados) = 'object';
    update public.whatsapp_mensagens m
       set dados = q.depois,
           status = case when coalesce(sentinela.pode_mover(m.status, q.menor), false) then q.menor else m.status end
      from (select x.id, d.depois, sentinela.menor_status(d.depois) as menor
              from public.whatsapp_mensagens x
             cross join lateral (
               select sentinela.juntar_participante(x.dados -> 'participantes', new.numero, new.lid) as juntos) as j
             cross join lateral (
               select x.dados || jsonb_build_object('participantes', j.juntos)
                      || case when x.dados ? 'destinatarios' then jsonb_build_object('destinatarios',
                           (select count(*) from jsonb_object_keys(j.juntos) as k)) else '{}' end as depois) as d
             -- Older receipts are no news to anybody.
             where x.contato_id = any (alvos) and x.timestamp > now() - interval '30 days'
               and jsonb_typeof(x.dados -> 'participantes') = 'object' and x.dados -> 'participantes' ? new.lid) as q
     where m.id = q.id;
  end if;
  if tg_op = 'UPDATE' then
    perform sentinela.rever_reacoes(new.id);
  end if;
  return null;
end $$;

create or replace trigger whatsapp_contatos_numero_novo after insert on public.whatsapp_contatos
  for each row when (new.numero is not null and new.lid is not null) execute function sentinela.numero_aprendido();
create or replace trigger whatsapp_contatos_numero after update of numero, lid on public.whatsapp_contatos
  for each row when (new.numero is not null and new.lid is not null
                     and (old.numero is distinct from new.numero or old.lid is distinct from new.lid))
  execute function sentinela.numero_aprendido();

-- Later facts may tell who brought them: a voter's two addresses belong together, though they never wrote a message.
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
      if item #>> '{autor,pn}' is not null and item #>> '{autor,lid}' is not null then
        perform sentinela.resolver_contato(s, item -> 'autor', true, true);
      end if;
      update public.whatsapp_mensagens x set dados = sentinela.mesclar_json(coalesce(x.dados, '{}'), item -> 'dados')
       where x.id = m.id and x.dados is distinct from sentinela.mesclar_json(coalesce(x.dados, '{}'), item -> 'dados');
      mudou := found;
  end case;
  return sentinela.resultado_de(indice, case when mudou then 'atualizada' else 'ignorada' end, m, null, achado.unidos);
end $$;

-- As before, and who each voter is: `pessoas` = { author of a vote: number }.
drop function if exists public.votos_pendentes(jsonb);
create function public.votos_pendentes(pedido jsonb)
returns table (id uuid, whatsapp_id text, dados jsonb, criador jsonb, eleitores jsonb, pessoas jsonb)
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
         q.eleitores, q.pessoas
    from public.whatsapp_mensagens m left join public.whatsapp_contatos c on c.id = m.autor_id
    left join lateral (
      select jsonb_object_agg(v.autor, sentinela.enderecos_de(m.session_id, v.autor)) as eleitores,
             jsonb_object_agg(v.autor, sentinela.pessoa(m.session_id, v.autor)) as pessoas
        from (select distinct d.value ->> 'autor' as autor from jsonb_each(m.dados) as d
               where d.key like 'voto:%' and d.value ->> 'autor' is not null) as v) as q on true
   where m.dados ? 'votosPendentes'
   order by m.updated_at limit least((p ->> 'limite')::integer, 100);
end $$;

-- Polls whose votes name somebody by address are counted once more.
update public.whatsapp_mensagens m set dados = m.dados || '{"votosPendentes": true}'
 where m.subtipo = 'ENQUETE' and jsonb_path_exists(m.dados, '$.enquete.votos[*].eleitores[*] ? (@ like_regex "@|^eu$")')
   and exists (select from jsonb_object_keys(m.dados) as k where k like 'voto:%');

do $$
declare
  papel text;
  funcao regprocedure;
begin
  revoke all on sentinela.lids_citados from public;
  foreach papel in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = papel) then
      execute format('revoke all on sentinela.lids_citados from %I', papel);
    end if;
  end loop;
  -- By name: a policy lets users call some of the others.
  for funcao in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'sentinela' and p.proname in (
             'pessoa', 'enderecos_citados', 'trocar_lista', 'trocar_mencoes', 'com_numeros', 'mostrar_numeros', 'juntar_recibos',
             'juntar_participante', 'rever_reacoes', 'unir_reacoes', 'numero_aprendido')
        or n.nspname = 'public' and p.proname = 'votos_pendentes'
  loop
    execute format('revoke execute on function %s from public', funcao);
    foreach papel in array array['anon', 'authenticated'] loop
      if exists (select from pg_roles where rolname = papel) then
        execute format('revoke execute on function %s from %I', funcao, papel);
      end if;
    end loop;
  end loop;
  if exists (select from pg_roles where rolname = 'service_role') then
    grant execute on function public.votos_pendentes(jsonb) to service_role;
  end if;
end $$;

notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121002200', 'identidade') on conflict do nothing;
