-- The robot: what it owes to whom, and the marker that makes each message one. A marker is written before the message is
-- accepted, and its id is the message's idempotency key: a crash in between repeats the send, never the message.

create table if not exists public.whatsapp_robo_envios (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null,
  company_id uuid,
  session_id uuid not null references public.whatsapp_sessions (id) on delete cascade,
  atendimento_id uuid not null references public.whatsapp_atendimentos (id) on delete cascade,
  contato_id uuid not null,
  tipo text not null check (tipo in ('BOAS_VINDAS', 'AUSENCIA', 'ENCERRAMENTO')),
  janela text not null default '',
  estado text not null default 'RESERVADO' check (estado in ('RESERVADO', 'ACEITO', 'BLOQUEADO', 'FALHOU')),
  texto text not null,
  para text not null,
  whatsapp_id text,
  erro text,
  created_at timestamptz not null default clock_timestamp()
);
comment on table public.whatsapp_robo_envios is 'What the robot has sent, one row a message: at most one per atendimento, kind and window.';
comment on column public.whatsapp_robo_envios.janela is 'AUSENCIA: when the closed time began, local; else empty.';
comment on column public.whatsapp_robo_envios.estado is 'BLOQUEADO: not sent, because the other side seems to be a robot, too.';
create unique index if not exists whatsapp_robo_envios_um on public.whatsapp_robo_envios (atendimento_id, tipo, janela);
create index if not exists whatsapp_robo_envios_contato on public.whatsapp_robo_envios (contato_id, created_at);
create index if not exists whatsapp_robo_envios_reservados on public.whatsapp_robo_envios (created_at) where estado = 'RESERVADO';
create index if not exists whatsapp_atendimentos_fechados on public.whatsapp_atendimentos (data_fim) where data_fim is not null;

-- Settings of a connection: its own row, else its owner's.
create or replace function sentinela.configuracao_de(s public.whatsapp_sessions) returns public.whatsapp_configuracoes
language plpgsql stable as $$
declare
  c public.whatsapp_configuracoes;
begin
  select * into c from public.whatsapp_configuracoes x
   where x.owner_id = s.owner_id and (x.session_id = s.id or x.session_id is null)
   order by x.session_id is null limit 1;
  return c;
end $$;

-- Private chats in which something happened in the last minutes, with their settings and what the robot has said already.
-- Never groups, never a number that this gateway serves itself. pedido: { minutos, limite }
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
     and m.cliente >= case when a.data_fim is null then desde else '-infinity' end
     and not exists (select from public.whatsapp_sessions o where o.numero = k.numero)
   order by a.ultima_mensagem limit least((p ->> 'limite')::integer, 500);
end $$;

-- Takes one message upon itself; nothing is answered when it was taken before. pedido: { atendimento_id, tipo, janela, texto,
-- para, maximo, minutos }: more than `maximo` in so many minutes to one contato is a talk between two robots.
create or replace function public.robo_reservar(pedido jsonb) returns table (id uuid, estado text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
  a public.whatsapp_atendimentos;
  recentes integer;
begin
  select x.* into a from public.whatsapp_atendimentos x where x.id = (p ->> 'atendimento_id')::uuid;
  perform pg_advisory_xact_lock(hashtextextended('sentinela:robo:' || a.contato_id, 0));
  select count(*) into recentes from public.whatsapp_robo_envios r
   where r.contato_id = a.contato_id and r.estado <> 'BLOQUEADO'
     and r.created_at > now() - make_interval(mins => (p ->> 'minutos')::integer);
  return query
  insert into public.whatsapp_robo_envios as r (owner_id, company_id, session_id, atendimento_id, contato_id, tipo, janela, texto, para, estado)
  values (a.owner_id, a.company_id, a.session_id, a.id, a.contato_id, p ->> 'tipo', p ->> 'janela', p ->> 'texto', p ->> 'para',
          case when recentes >= (p ->> 'maximo')::integer then 'BLOQUEADO' else 'RESERVADO' end)
  on conflict do nothing returning r.id, r.estado;
end $$;

-- Creates or replaces a connection's own settings, or its owner's. pedido: { sessao, todas, mensagem_…, horario_atendimento, fuso, auto_resposta }
create or replace function public.gravar_configuracao(pedido jsonb) returns setof public.whatsapp_configuracoes
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
  s public.whatsapp_sessions := sentinela.sessao(p ->> 'sessao');
begin
  return query
  insert into public.whatsapp_configuracoes as c (owner_id, company_id, session_id, mensagem_boas_vindas, mensagem_ausencia,
    mensagem_encerramento, horario_atendimento, fuso, auto_resposta)
  values (s.owner_id, s.company_id, case when (p ->> 'todas')::boolean then null else s.id end, p ->> 'mensagem_boas_vindas',
    p ->> 'mensagem_ausencia', p ->> 'mensagem_encerramento', nullif(p -> 'horario_atendimento', 'null'), p ->> 'fuso',
    (p ->> 'auto_resposta')::boolean)
  on conflict (owner_id, coalesce(session_id, '00000000-0000-0000-0000-000000000000')) do update set
    mensagem_boas_vindas = excluded.mensagem_boas_vindas, mensagem_ausencia = excluded.mensagem_ausencia,
    mensagem_encerramento = excluded.mensagem_encerramento, horario_atendimento = excluded.horario_atendimento,
    fuso = excluded.fuso, auto_resposta = excluded.auto_resposta, ativo = true
  returning c.*;
end $$;

-- The settings that count for a connection. pedido: { sessao }
create or replace function public.ler_configuracao(pedido jsonb) returns setof public.whatsapp_configuracoes
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
  c public.whatsapp_configuracoes := sentinela.configuracao_de(sentinela.sessao(p ->> 'sessao'));
begin
  if c.id is not null then
    return next c;
  end if;
end $$;

-- Taken, but never finished: the process died in between. pedido: { segundos, horas }
create or replace function public.robo_reservados(pedido jsonb) returns table (id uuid, sessao text, para text, texto text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
begin
  return query
  select r.id, s.session_name, r.para, r.texto from public.whatsapp_robo_envios r join public.whatsapp_sessions s on s.id = r.session_id
   where r.estado = 'RESERVADO' and r.created_at < now() - make_interval(secs => (p ->> 'segundos')::integer)
     and r.created_at > now() - make_interval(hours => (p ->> 'horas')::integer)
   order by r.created_at limit 100;
end $$;

-- pedido: { id, estado, whatsapp_id, erro }
create or replace function public.robo_concluir(pedido jsonb) returns table (gravado boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  p jsonb := case jsonb_typeof(pedido) when 'string' then (pedido #>> '{}')::jsonb else pedido end;
begin
  update public.whatsapp_robo_envios r
     set estado = p ->> 'estado', whatsapp_id = p ->> 'whatsapp_id', erro = p ->> 'erro' where r.id = (p ->> 'id')::uuid;
  return query select found;
end $$;

do $$
declare
  papel text;
  funcao text;
begin
  alter table public.whatsapp_robo_envios enable row level security;
  revoke execute on all functions in schema sentinela from public;
  foreach papel in array array['anon', 'authenticated'] loop
    if exists (select from pg_roles where rolname = papel) then
      execute format('revoke all on public.whatsapp_robo_envios from %I', papel);
      execute format('revoke execute on all functions in schema sentinela from %I', papel);
    end if;
  end loop;
  foreach funcao in array array['public.robo_devidos(jsonb)', 'public.robo_reservar(jsonb)', 'public.robo_reservados(jsonb)',
                                'public.robo_concluir(jsonb)', 'public.gravar_configuracao(jsonb)',
                                'public.ler_configuracao(jsonb)'] loop
    execute format('revoke execute on function %s from public', funcao);
    foreach papel in array array['anon', 'authenticated'] loop
      if exists (select from pg_roles where rolname = papel) then
        execute format('revoke execute on function %s from %I', funcao, papel);
      end if;
    end loop;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant execute on function %s to service_role', funcao);
    end if;
  end loop;
  if exists (select from pg_roles where rolname = 'service_role') then
    grant all on public.whatsapp_robo_envios to service_role;
    drop policy if exists gateway on public.whatsapp_robo_envios;
    create policy gateway on public.whatsapp_robo_envios to service_role using (true) with check (true);
  end if;
  if exists (select from pg_roles where rolname = 'authenticated') then
    grant execute on function sentinela.claims(), sentinela.usuario(), sentinela.empresas() to authenticated;
    grant select on public.whatsapp_robo_envios to authenticated;
    drop policy if exists dono_le on public.whatsapp_robo_envios;
    create policy dono_le on public.whatsapp_robo_envios for select to authenticated
      using (owner_id = (select sentinela.usuario()) or company_id = any ((select sentinela.empresas())::uuid[]));
  end if;
end $$;

notify pgrst, 'reload schema';

insert into public.whatsapp_schema (versao, nome) values ('20261121001320', 'robo') on conflict do nothing;
