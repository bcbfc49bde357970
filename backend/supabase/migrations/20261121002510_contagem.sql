-- A poll is counted outside the database. When a voter's number becomes known in between, the count still names the LID and
-- may have one person twice: the poll waits on, and is counted once more. It was taken for counted.

create or replace function public.gravar_votos(pedido jsonb) returns table (gravada boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
begin
  -- Whoever merges two contatos marks their polls in the same transaction: look at contatos after that.
  perform from public.whatsapp_mensagens m where m.id = (p ->> 'id')::uuid for update;
  update public.whatsapp_mensagens m
     set dados = (case when exists (select from jsonb_object_keys(m.dados) as k where k like 'voto:%' and not (p -> 'vistos') ? k)
                         or exists (select from jsonb_path_query(p -> 'enquete', '$.votos[*].eleitores[*]') as e(quem)
                                     where e.quem #>> '{}' like '%@lid'
                                       and sentinela.pessoa(m.session_id, e.quem #>> '{}') <> e.quem #>> '{}')
                       then m.dados else m.dados - 'votosPendentes' end)
                 || jsonb_build_object('enquete', coalesce(m.dados -> 'enquete', '{}') || (p -> 'enquete'))
   where m.id = (p ->> 'id')::uuid;
  return query select found;
end $$;

notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121002510', 'contagem') on conflict do nothing;
