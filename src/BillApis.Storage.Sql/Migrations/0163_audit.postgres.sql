create table billing_audit (
    tenant_id text not null, sequence bigint not null, at bigint not null, actor text not null, action text not null, object_id text not null,
    body text not null, hash text not null,
    primary key (tenant_id, sequence)
);
create index billing_audit_object on billing_audit (tenant_id, object_id, sequence);
create index billing_audit_actor on billing_audit (tenant_id, actor, sequence);
create function billing_audit_kept() returns trigger language plpgsql as $$ begin raise exception 'an audit entry is never changed or deleted'; end $$;
create trigger billing_audit_kept before update or delete on billing_audit for each row execute function billing_audit_kept();

-- The newest entry of each tenant; it moves in the transaction that adds one, so that there are no gaps and no forks.
create table billing_audit_head (tenant_id text not null primary key, sequence bigint not null, hash text not null);
