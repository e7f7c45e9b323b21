-- What a tenant's trail begins after, once its oldest entries were let go: the number and the hash of the last of them.
create table billing_audit_anchor (tenant_id text not null primary key, sequence bigint not null, hash text not null);
drop trigger billing_audit_stays;
create trigger billing_audit_stays before delete on billing_audit
when not exists (select 1 from billing_audit_anchor as a where a.tenant_id = old.tenant_id and a.sequence >= old.sequence)
begin select raise(abort, 'an audit entry is never deleted'); end;
