-- What batches added to the totals and is not in them yet: one row for each batch, written with its events, and merged many at once or when somebody reads.
create table billing_usage_delta (seq integer primary key, tenant_id text not null, totals text not null);
create index billing_usage_delta_tenant on billing_usage_delta (tenant_id, seq);
