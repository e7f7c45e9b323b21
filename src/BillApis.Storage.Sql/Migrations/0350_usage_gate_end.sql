-- The latest of what was closed in a row of its own: billing a period no longer moves an entry of an index.
drop index billing_usage_gate_end;
create table billing_usage_gate_end (tenant_id text not null, closed_until bigint not null, primary key (tenant_id));
insert into billing_usage_gate_end (tenant_id, closed_until) select tenant_id, max(closed_until) from billing_usage_gate group by tenant_id;
