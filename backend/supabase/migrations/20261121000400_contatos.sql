-- Who someone is: finding, creating, updating and merging contatos. WhatsApp addresses one person by phone number (pn)
-- and by LID; the mapping may come late, and then two contatos turn out to be one.

do $$
begin
  if to_regtype('sentinela.resultado') is null then
    create type sentinela.resultado as (
      indice integer, resultado text, mensagem_id uuid, atendimento_id uuid, contato_id uuid,
      atendimento_novo boolean, atendimento_status text, unidos jsonb);
  end if;
end $$;

-- The other spelling of a Brazilian mobile number (with or without the ninth digit); null for everything else.
create or replace function sentinela.outra_grafia(pn text) returns text language sql immutable as $$
  select case
    when pn ~ '^55[1-9][0-9]9[6-9][0-9]{7}@' then regexp_replace(pn, '^(55[0-9]{2})9', '\1')
    when pn ~ '^55[1-9][0-9][6-9][0-9]{7}@' then regexp_replace(pn, '^(55[0-9]{2})', '\19')
  end
$$;

-- What agents see as the number: digits; `<digits>@lid` while only the LID is known; a group's JID.
create or replace function sentinela.numero_cliente(c public.whatsapp_contatos) returns text language sql immutable as $$
  select coalesce(c.numero, c.lid, c.jid)
$$;

create or replace function sentinela.mesclar_tags(a jsonb, b jsonb) returns jsonb language sql immutable as $$
  select case
    when a is null or b is null then coalesce(a, b)
    when jsonb_typeof(a) = 'array' and jsonb_typeof(b) = 'array' then
      (select jsonb_agg(tag order by primeira)
         from (select tag, min(n) as primeira from jsonb_array_elements(a || b) with ordinality as t(tag, n) group by tag) as u)
    when jsonb_typeof(a) = 'object' and jsonb_typeof(b) = 'object' then b || a
    else a
  end
$$;

-- Merges two open atendimentos of what is one person: the older one stays, the younger one is closed and points at it.
create or replace function sentinela.unir_atendimentos(um uuid, outro uuid) returns jsonb language plpgsql as $$
declare
  fica public.whatsapp_atendimentos;
  sai public.whatsapp_atendimentos;
begin
  select * into fica from public.whatsapp_atendimentos where id in (um, outro) order by data_inicio, created_at, id limit 1 for update;
  select * into sai from public.whatsapp_atendimentos where id in (um, outro) and id <> fica.id for update;
  -- Closed first: only one may be open per connection and contato.
  update public.whatsapp_atendimentos
     set status = 'CANCELADO', unido_a = fica.id, nao_lidas = 0
   where id = sai.id;
  update public.whatsapp_atendimentos set unido_a = fica.id where unido_a = sai.id;
  update public.whatsapp_mensagens set atendimento_id = fica.id where atendimento_id = sai.id;
  update public.whatsapp_atendimentos
     set status = case when 'EM_ATENDIMENTO' in (fica.status, sai.status) then 'EM_ATENDIMENTO' else fica.status end,
         nao_lidas = fica.nao_lidas + sai.nao_lidas,
         ultima_mensagem = greatest(fica.ultima_mensagem, sai.ultima_mensagem),
         atendente_id = coalesce(fica.atendente_id, sai.atendente_id),
         prioridade = greatest(fica.prioridade, sai.prioridade),
         tags = sentinela.mesclar_tags(fica.tags, sai.tags),
         observacoes = nullif(concat_ws(E'\n', nullif(fica.observacoes, ''), nullif(sai.observacoes, '')), ''),
         nome_cliente = coalesce(fica.nome_cliente, sai.nome_cliente)
   where id = fica.id;
  return jsonb_build_object('de', sai.id, 'para', fica.id);
end $$;

-- Messages in someone's chat and those that they wrote in groups. Never asked for this number itself: it is who stays.
create or replace function sentinela.mensagens_de(contato uuid) returns setof uuid language sql stable as $$
  select m.id from public.whatsapp_mensagens m where m.contato_id = contato
  union
  select m.id from public.whatsapp_mensagens m
   where m.autor_id = contato and m.autor_id <> m.contato_id and m.remetente = 'CLIENTE'
$$;

-- Drops the copies that would collide once `sai` is written as `fica`; content beats "waiting for this message".
create or replace function sentinela.tirar_repetidas(fica uuid, sai uuid) returns void language plpgsql as $$
begin
  with pares as (
    select a.id as a_id, b.id as b_id, a.subtipo as a_subtipo, b.subtipo as b_subtipo
      from public.whatsapp_mensagens b
      join lateral (
        select m.* from public.whatsapp_mensagens m
         where m.session_id = b.session_id and m.whatsapp_id = b.whatsapp_id and m.id <> b.id offset 0) as a
        on a.contato_id = case when b.contato_id = sai then fica else b.contato_id end
       and a.autor_id = case when b.autor_id = sai then fica else b.autor_id end
     where b.id in (select sentinela.mensagens_de(sai))
  ), apagadas as (
    delete from public.whatsapp_mensagens m using pares
     where m.id = case when a_subtipo = 'INDECIFRAVEL' and b_subtipo is distinct from 'INDECIFRAVEL' then a_id else b_id end
    returning m.atendimento_id, m.lida, m.remetente
  )
  update public.whatsapp_atendimentos t
     set nao_lidas = greatest(0, t.nao_lidas - d.n)
    from (select atendimento_id, count(*)::integer as n from apagadas
           where remetente = 'CLIENTE' and not lida group by atendimento_id) as d
   where t.id = d.atendimento_id;
end $$;

-- Makes one contato of two. Returns the atendimentos that were merged: [{ de, para }], [] when none.
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
  update public.whatsapp_mensagens m
     set reacoes = (select jsonb_agg(case when r ->> 'autor_id' = sai::text then r || jsonb_build_object('autor_id', fica) else r end)
                      from jsonb_array_elements(m.reacoes) as r)
   where m.contato_id = fica and m.reacoes @> jsonb_build_array(jsonb_build_object('autor_id', sai));
  delete from public.whatsapp_contatos where id = sai returning * into velho;
  update public.whatsapp_contatos
     set pn = coalesce(pn, velho.pn), lid = coalesce(lid, velho.lid), numero = coalesce(numero, velho.numero),
         nome = coalesce(nome, velho.nome), nome_perfil = coalesce(nome_perfil, velho.nome_perfil),
         foto_url = coalesce(foto_url, velho.foto_url),
         bloqueado = bloqueado or velho.bloqueado, opt_out = opt_out or velho.opt_out
   where id = fica;
  return unidos;
end $$;

-- Writes what is newly known of a contato, and shows it in its atendimentos. True when something changed.
create or replace function sentinela.atualizar_contato(
  alvo uuid, p_tipo text, p_jid text, p_pn text, p_lid text, p_nome text, p_nome_perfil text, oficial boolean
) returns boolean language plpgsql as $$
declare
  antes public.whatsapp_contatos;
  depois public.whatsapp_contatos;
begin
  select * into antes from public.whatsapp_contatos where id = alvo;
  depois := antes;
  depois.tipo := case when p_tipo = 'eu' then 'eu' else antes.tipo end;
  depois.jid := case when oficial then p_jid else antes.jid end;
  -- A number as somebody typed it never replaces the one that WhatsApp uses.
  depois.pn := case when oficial or antes.pn is null then coalesce(p_pn, antes.pn) else antes.pn end;
  depois.lid := coalesce(p_lid, antes.lid);
  depois.numero := coalesce(split_part(depois.pn, '@', 1), antes.numero);
  depois.nome := coalesce(p_nome, antes.nome);
  depois.nome_perfil := coalesce(p_nome_perfil, antes.nome_perfil);
  if depois is not distinct from antes then
    return false;
  end if;
  update public.whatsapp_contatos
     set tipo = depois.tipo, jid = depois.jid, pn = depois.pn, lid = depois.lid, numero = depois.numero,
         nome = depois.nome, nome_perfil = depois.nome_perfil
   where id = alvo;
  update public.whatsapp_atendimentos a
     set numero_cliente = sentinela.numero_cliente(depois), chat_jid = depois.jid,
         nome_cliente = coalesce(depois.nome, depois.nome_perfil, a.nome_cliente)
   where a.contato_id = alvo
     and (a.status in ('AGUARDANDO', 'EM_ATENDIMENTO') or (a.numero_cliente like '%@lid' and depois.pn is not null))
     and (a.numero_cliente, a.chat_jid, a.nome_cliente) is distinct from
         (sentinela.numero_cliente(depois), depois.jid, coalesce(depois.nome, depois.nome_perfil, a.nome_cliente));
  return true;
end $$;

-- The contato of an address (`Endereco`; json null = this number itself). Learns names and addresses from it, and merges
-- contatos that it proves to be one. `oficial`: the address comes from WhatsApp, not from what somebody typed.
-- `contato` is null when there is none and `criar` is false; `sairam` are contatos that were merged into it.
create or replace function sentinela.resolver_contato(
  s public.whatsapp_sessions, endereco jsonb, oficial boolean, criar boolean,
  out contato uuid, out novo boolean, out mudou boolean, out sairam uuid[], out unidos jsonb
) language plpgsql as $$
declare
  v_tipo text := coalesce(endereco ->> 'tipo', 'eu');
  v_pn text := nullif(endereco ->> 'pn', '');
  v_lid text := nullif(endereco ->> 'lid', '');
  v_jid text;
  ids uuid[];
  outro uuid;
begin
  novo := false; mudou := false; sairam := '{}'; unidos := '[]';
  if v_tipo = 'eu' then
    v_pn := coalesce(v_pn, s.numero || '@s.whatsapp.net');
    v_lid := coalesce(v_lid, case when s.lid like '%@%' then s.lid else s.lid || '@lid' end);
  end if;
  v_jid := coalesce(nullif(endereco ->> 'jid', ''), v_pn, v_lid, 'eu');

  if v_tipo <> 'eu' and v_pn is null and v_lid is null then
    select array_agg(c.id) into ids from public.whatsapp_contatos c
     where c.session_id = s.id and c.jid = v_jid and c.pn is null and c.lid is null and c.tipo <> 'eu';
  else
    select array_agg(c.id order by c.tipo = 'eu' desc, c.created_at, c.id) into ids
      from public.whatsapp_contatos c
     where c.id in (
       select e.id from public.whatsapp_contatos e where e.session_id = s.id and e.pn = v_pn
       union select e.id from public.whatsapp_contatos e where e.session_id = s.id and e.lid = v_lid
       union select e.id from public.whatsapp_contatos e where e.session_id = s.id and e.pn = sentinela.outra_grafia(v_pn)
       union select e.id from public.whatsapp_contatos e where v_tipo = 'eu' and e.session_id = s.id and e.tipo = 'eu');
  end if;

  if ids is null then
    if criar then
      insert into public.whatsapp_contatos (owner_id, company_id, session_id, tipo, pn, lid, jid, numero, nome, nome_perfil)
      values (s.owner_id, s.company_id, s.id, v_tipo, v_pn, v_lid, v_jid, split_part(v_pn, '@', 1),
              endereco ->> 'nome', endereco ->> 'nome_perfil')
      returning id into contato;
      novo := true; mudou := true;
    end if;
    return;
  end if;

  contato := ids[1];
  sairam := ids[2:];
  foreach outro in array sairam loop
    unidos := unidos || sentinela.unir_contatos(contato, outro);
  end loop;
  mudou := sentinela.atualizar_contato(contato, v_tipo, v_jid, v_pn, v_lid, endereco ->> 'nome', endereco ->> 'nome_perfil', oficial)
           or sairam <> '{}';
  if sairam <> '{}' then
    perform sentinela.aplicar_pendentes_do_contato(contato);
  end if;
end $$;

insert into public.whatsapp_schema (versao, nome) values ('20261121000400', 'contatos') on conflict do nothing;
