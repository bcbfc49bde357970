-- Files of messages: the op that fills the media columns of a row, and the private bucket where a Supabase project keeps
-- the bytes. The gateway alone reads and writes there: nobody has a policy on it.

do $$
begin
  if to_regclass('storage.buckets') is not null then
    insert into storage.buckets (id, name, public) values ('whatsapp-midia', 'whatsapp-midia', false)
    on conflict (id) do nothing;
  end if;
end $$;

-- By the row's id: a merge of contatos may have moved the message, and its file is still the same.
create or replace function sentinela.aplicar_midia(
  s public.whatsapp_sessions, item jsonb, indice integer
) returns sentinela.resultado language plpgsql as $$
declare
  m public.whatsapp_mensagens;
begin
  update public.whatsapp_mensagens x
     set midia_caminho = coalesce(item ->> 'midia_caminho', x.midia_caminho),
         midia_url = coalesce(item ->> 'midia_url', x.midia_url),
         midia_tipo = coalesce(item ->> 'midia_tipo', x.midia_tipo),
         midia_nome = coalesce(item ->> 'midia_nome', x.midia_nome),
         midia_tamanho = coalesce((item ->> 'midia_tamanho')::bigint, x.midia_tamanho),
         dados = case when item ->> 'erro' is null then x.dados #- '{midia,erro}'
                      else sentinela.mesclar_json(coalesce(x.dados, '{}'), jsonb_build_object('midia', jsonb_build_object('erro', item -> 'erro'))) end
   where x.id = (item ->> 'mensagem_id')::uuid and x.session_id = s.id
   returning x.* into m;
  return sentinela.resultado_de(indice, case when m.id is null then 'ignorada' else 'atualizada' end, m, null, '[]');
end $$;

create or replace function sentinela.aplicar_evento(item jsonb, indice integer) returns sentinela.resultado language plpgsql as $$
begin
  case item ->> 'op'
    when 'sessao' then return sentinela.aplicar_sessao(item, indice);
    when 'contato' then return sentinela.aplicar_contato(sentinela.sessao(item ->> 'sessao'), item, indice);
    when 'leitura' then return sentinela.aplicar_leitura(sentinela.sessao(item ->> 'sessao'), item, indice);
    when 'midia' then return sentinela.aplicar_midia(sentinela.sessao(item ->> 'sessao'), item, indice);
    when 'edicao', 'apagamento', 'reacao', 'status', 'dados' then
      return sentinela.aplicar_a_mensagem(sentinela.sessao(item ->> 'sessao'), item, indice);
    else
      raise exception 'unknown op %', coalesce(quote_literal(item ->> 'op'), 'null') using errcode = 'invalid_parameter_value';
  end case;
end $$;

do $$
declare
  papel text;
begin
  revoke execute on function sentinela.aplicar_midia(public.whatsapp_sessions, jsonb, integer) from public;
  foreach papel in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = papel) then
      execute format('revoke execute on function sentinela.aplicar_midia(public.whatsapp_sessions, jsonb, integer) from %I', papel);
    end if;
  end loop;
end $$;

insert into public.whatsapp_schema (versao, nome) values ('20261121001200', 'midia') on conflict do nothing;
