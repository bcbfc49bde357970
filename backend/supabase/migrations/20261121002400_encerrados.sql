-- A closed atendimento stays closed, whoever writes: the next message of the customer opens another one. PostgREST answers an
-- exception with errcode PTxyz with the status xyz.

create or replace function sentinela.recusar_reabertura() returns trigger language plpgsql as $$
begin
  raise exception 'a closed atendimento is not opened again (it is %)', old.status
    using errcode = 'PT409', hint = 'The next message of the customer opens a new one.';
end $$;

create or replace trigger whatsapp_atendimentos_reabertura before update of status on public.whatsapp_atendimentos
  for each row when (old.status in ('FINALIZADO', 'CANCELADO') and new.status in ('AGUARDANDO', 'EM_ATENDIMENTO'))
  execute function sentinela.recusar_reabertura();

comment on column public.whatsapp_atendimentos.status is
  'AGUARDANDO, EM_ATENDIMENTO, FINALIZADO or CANCELADO; from the last two there is no way back (409).';

insert into public.whatsapp_schema (versao, nome) values ('20261121002400', 'encerrados') on conflict do nothing;
