-- Groups and contacts: what each member of a group has got, read and played of our messages; business names, pictures
-- and blocks of contatos; names for the members of a group.

alter table public.whatsapp_contatos add column if not exists nome_empresa text;
alter table public.whatsapp_contatos add column if not exists foto_em timestamptz;
comment on column public.whatsapp_contatos.nome_empresa is 'The verified name of a business account.';
comment on column public.whatsapp_contatos.foto_em is 'When WhatsApp was asked for foto_url, whose link it lets expire after some days.';
create index if not exists whatsapp_contatos_lista on public.whatsapp_contatos (session_id, created_at desc, id desc);

-- The key of somebody in `dados.participantes`: the number when it is known, else `<digits>@lid`. Whoever is there under
-- the other of their addresses keeps that key.
create or replace function sentinela.chave_participante(participantes jsonb, p_numero text, p_lid text) returns text
language plpgsql immutable as $$
begin
  return case
    when participantes ? p_numero then p_numero
    when participantes ? p_lid then p_lid
    else coalesce((select p.key from jsonb_each(participantes) as p where p.value ->> 'lid' = p_lid limit 1), p_numero, p_lid)
  end;
end $$;

-- One person's receipt. The earliest time stays, whatever the order in which their devices are heard.
create or replace function sentinela.anotar_recibo(
  participantes jsonb, p_numero text, p_lid text, p_status text, hora text
) returns jsonb language plpgsql immutable as $$
declare
  campo text := case p_status when 'ENTREGUE' then 'entregue' when 'LIDA' then 'lido' when 'REPRODUZIDA' then 'ouvido' end;
  chave text := sentinela.chave_participante(participantes, p_numero, p_lid);
  antes jsonb := coalesce(participantes -> chave, '{}');
begin
  if campo is null or chave is null then
    return participantes;
  end if;
  return participantes || jsonb_build_object(chave, antes || jsonb_build_object(campo, least(antes ->> campo, hora)));
end $$;

-- Whom a message was sent to: everybody is there from the beginning, also who has not answered. Receipts that came before
-- under the LID alone go to the number that belongs to it.
create or replace function sentinela.anotar_destinatarios(
  participantes jsonb, destinatarios jsonb, s public.whatsapp_sessions
) returns jsonb language plpgsql immutable as $$
declare
  d record;
  chave text;
  velha text;
begin
  for d in
    select split_part(e ->> 'pn', '@', 1) as numero, e ->> 'lid' as lid from jsonb_array_elements(destinatarios) as e
     where coalesce(e ->> 'pn', e ->> 'lid') is not null
       and coalesce(split_part(e ->> 'pn', '@', 1) <> s.numero, true)
       and coalesce(split_part(e ->> 'lid', '@', 1) <> split_part(s.lid, '@', 1), true)
  loop
    velha := sentinela.chave_participante(participantes, d.numero, d.lid);
    chave := coalesce(d.numero, d.lid);
    participantes := (participantes - velha) || jsonb_build_object(chave,
      coalesce(participantes -> velha, '{}')
      || case when d.numero is not null and d.lid is not null then jsonb_build_object('lid', d.lid) else '{}' end);
  end loop;
  return participantes;
end $$;

-- The lowest status among those whom a group's message was sent to, from dados.participantes =
-- { number or LID: { lid?, entregue?, lido?, ouvido? } }. Null while dados.destinatarios (how many they are) is unknown.
create or replace function sentinela.menor_status(dados jsonb) returns text language plpgsql immutable as $$
begin
  if coalesce((dados ->> 'destinatarios')::integer, 0) = 0 then
    return null;
  end if;
  return (select (array['ENVIADA', 'ENTREGUE', 'LIDA', 'REPRODUZIDA'])[min(
            case when p.value ? 'ouvido' then 4 when p.value ? 'lido' then 3 when p.value ? 'entregue' then 2 else 1 end)]
            from jsonb_each(dados -> 'participantes') as p);
end $$;

create or replace function sentinela.aplicar_status(
  s public.whatsapp_sessions, m public.whatsapp_mensagens, item jsonb
) returns boolean language plpgsql as $$
declare
  novo text := item ->> 'status';
  hora timestamptz := (item ->> 'timestamp')::timestamptz;
  antes jsonb := coalesce(m.dados, '{}');
  depois jsonb := m.dados;
  confirma boolean;
  move boolean;
  contato uuid;
  quem public.whatsapp_contatos;
begin
  if item #>> '{participante,tipo}' is not null and item #>> '{chat,tipo}' = 'grupo' then
    -- Two statements: one alone does not see the row that it makes.
    select r.contato into contato from sentinela.resolver_contato(s, item -> 'participante', true, true) as r;
    select * into quem from public.whatsapp_contatos where id = contato;
    depois := antes || jsonb_build_object('participantes', sentinela.anotar_recibo(
      coalesce(antes -> 'participantes', '{}'), quem.numero, quem.lid, novo, item ->> 'timestamp'));
    novo := sentinela.menor_status(depois);
  elsif novo <> 'ERRO' then
    -- The first time stays: devices of one person send receipts of their own.
    depois := sentinela.mesclar_json(jsonb_build_object('recibos', jsonb_build_object(novo, item -> 'timestamp')), antes);
    if jsonb_typeof(item -> 'destinatarios') = 'array' then
      depois := depois || jsonb_build_object('participantes',
        sentinela.anotar_destinatarios(coalesce(antes -> 'participantes', '{}'), item -> 'destinatarios', s));
      depois := depois || jsonb_build_object('destinatarios',
        (select count(*) from jsonb_object_keys(depois -> 'participantes') as k));
      -- Receipts may have come before the server's ack.
      novo := coalesce(sentinela.menor_status(depois), novo);
    end if;
  end if;
  move := coalesce(sentinela.pode_mover(m.status, novo), false);
  confirma := item ->> 'status' = 'ENVIADA' and item #> '{participante,tipo}' is null
              and (move or m.dados #> '{recibos,ENVIADA}' is null);
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

-- Also what is known beside names and addresses; only given fields are written, and a picture only over an older one.
create or replace function sentinela.aplicar_contato(
  s public.whatsapp_sessions, item jsonb, indice integer
) returns sentinela.resultado language plpgsql as $$
declare
  c jsonb := item -> 'contato';
  r record;
  m public.whatsapp_mensagens;
  mais boolean := false;
begin
  r := sentinela.resolver_contato(s, c, true, true);
  if c ?| array['nome_empresa', 'bloqueado', 'foto_em'] then
    update public.whatsapp_contatos x
       set nome_empresa = case when c ? 'nome_empresa' then c ->> 'nome_empresa' else x.nome_empresa end,
           bloqueado = coalesce((c ->> 'bloqueado')::boolean, x.bloqueado),
           foto_url = case when (c ->> 'foto_em')::timestamptz > coalesce(x.foto_em, '-infinity') then c ->> 'foto_url' else x.foto_url end,
           foto_em = greatest((c ->> 'foto_em')::timestamptz, x.foto_em)
     where x.id = r.contato
       and (x.nome_empresa is distinct from case when c ? 'nome_empresa' then c ->> 'nome_empresa' else x.nome_empresa end
            or x.bloqueado <> coalesce((c ->> 'bloqueado')::boolean, x.bloqueado)
            or (c ->> 'foto_em')::timestamptz > coalesce(x.foto_em, '-infinity'));
    mais := found;
  end if;
  return sentinela.resultado_de(indice, case when r.novo then 'inserida' when r.mudou or mais then 'atualizada' else 'ignorada' end,
                                m, r.contato, r.unidos);
end $$;

-- As before, and the business name and the newer picture stay.
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
         nome_empresa = coalesce(nome_empresa, velho.nome_empresa),
         foto_url = case when velho.foto_em > coalesce(foto_em, '-infinity') then velho.foto_url else coalesce(foto_url, velho.foto_url) end,
         foto_em = greatest(foto_em, velho.foto_em),
         bloqueado = bloqueado or velho.bloqueado, opt_out = opt_out or velho.opt_out
   where id = fica;
  return unidos;
end $$;

-- Who some addresses are: pedido = { sessao, pns: [...], lids: [...] }.
create or replace function public.contatos_por_endereco(pedido jsonb)
returns table (pn text, lid text, nome text, nome_perfil text, nome_empresa text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  sessao uuid;
begin
  -- Some PostgREST-compatible layers hand a jsonb argument over as a JSON string.
  if jsonb_typeof(pedido) = 'string' then
    pedido := (pedido #>> '{}')::jsonb;
  end if;
  select s.id into sessao from public.whatsapp_sessions s where s.session_name = pedido ->> 'sessao';
  return query
  select c.pn, c.lid, c.nome, c.nome_perfil, c.nome_empresa
    from (select c.id from jsonb_array_elements_text(pedido -> 'pns') as e
            join public.whatsapp_contatos c on c.session_id = sessao and c.pn = e
          union
          select c.id from jsonb_array_elements_text(pedido -> 'lids') as e
            join public.whatsapp_contatos c on c.session_id = sessao and c.lid = e) as achados
    join public.whatsapp_contatos c on c.id = achados.id;
end $$;

do $$
declare
  papel text;
begin
  revoke execute on all functions in schema sentinela from public;
  revoke execute on function public.contatos_por_endereco(jsonb) from public;
  foreach papel in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = papel) then
      execute format('revoke execute on all functions in schema sentinela from %I', papel);
      execute format('revoke execute on function public.contatos_por_endereco(jsonb) from %I', papel);
    end if;
  end loop;
  if exists (select from pg_roles where rolname = 'authenticated') then
    grant execute on function sentinela.claims(), sentinela.usuario(), sentinela.empresas() to authenticated;
  end if;
  if exists (select from pg_roles where rolname = 'service_role') then
    grant execute on function public.contatos_por_endereco(jsonb) to service_role;
  end if;
end $$;

notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121001500', 'grupos_e_contatos') on conflict do nothing;
