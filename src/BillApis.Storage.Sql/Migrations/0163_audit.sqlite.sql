create table billing_audit (
    tenant_id text not null, sequence bigint not null, at bigint not null, actor text not null, action text not null, object_id text not null,
    body text not null, hash text not null,
    primary key (tenant_id, sequence)
);
create index billing_audit_object on billing_audit (tenant_id, object_id, sequence);
create index billing_audit_actor on billing_audit (tenant_id, actor, sequence);
create trigger billing_audit_kept before update on billing_audit begin select raise(abort, 'an audit entry is never changed'); end;
create trigger billing_audit_stays before delete on billing_audit begin select raise(abort, 'an audit entry is never deleted'); end;

-- The newest entry of each tenant; it moves in the transaction that adds one, so that there are no gaps and no forks.
create table billing_audit_head (tenant_id text not null primary key, sequence bigint not null, hash text not null);
