-- What the tables keep up by themselves, whoever writes: the gateway or an agent through the CRM.

create or replace function sentinela.marcar_atualizacao() returns trigger language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end $$;

-- An agent only sets `status`; when it ended follows from that.
create or replace function sentinela.marcar_fim() returns trigger language plpgsql as $$
begin
  if new.status in ('FINALIZADO', 'CANCELADO') then
    new.data_fim := coalesce(new.data_fim, now());
  else
    new.data_fim := null;
  end if;
  return new;
end $$;

-- `nao_lidas` follows `lida`, also when an agent sets it: hence security definer (agents may not write nao_lidas).
create or replace function sentinela.contar_nao_lidas() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.whatsapp_atendimentos
     set nao_lidas = greatest(0, nao_lidas + case when new.lida then -1 else 1 end)
   where id = new.atendimento_id;
  return null;
end $$;

do $$
declare
  tabela text;
begin
  foreach tabela in array array['whatsapp_sessions', 'whatsapp_contatos', 'whatsapp_atendimentos', 'whatsapp_mensagens',
                                'whatsapp_configuracoes'] loop
    execute format('create or replace trigger %1$s_atualizada before update on public.%1$s
                    for each row execute function sentinela.marcar_atualizacao()', tabela);
  end loop;
end $$;

create or replace trigger whatsapp_atendimentos_fim before update of status on public.whatsapp_atendimentos
  for each row when (old.status is distinct from new.status) execute function sentinela.marcar_fim();

create or replace trigger whatsapp_mensagens_lida after update of lida on public.whatsapp_mensagens
  for each row when (old.lida is distinct from new.lida and new.remetente = 'CLIENTE' and new.atendimento_id is not null)
  execute function sentinela.contar_nao_lidas();

insert into public.whatsapp_schema (versao, nome) values ('20261121000200', 'gatilhos') on conflict do nothing;
