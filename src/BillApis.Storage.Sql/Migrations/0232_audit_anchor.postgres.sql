-- What a tenant's trail begins after, once its oldest entries were let go: the number and the hash of the last of them.
create table billing_audit_anchor (tenant_id text not null primary key, sequence bigint not null, hash text not null);
create or replace function billing_audit_kept() returns trigger language plpgsql as $$ begin
    if tg_op = 'DELETE' and exists (select 1 from billing_audit_anchor as a where a.tenant_id = old.tenant_id and a.sequence >= old.sequence) then return old; end if;
    raise exception 'an audit entry is never changed or deleted';
end $$;
