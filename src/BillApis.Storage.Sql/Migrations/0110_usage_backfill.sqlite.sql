-- What a stretch of time is to hold: kept aside until it is applied as one.
create table billing_usage_backfill (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    status text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);

-- The events of a backfill; added is 1 once applying stored one that was not there.
create table billing_usage_backfill_event (
    tenant_id text not null, backfill_id text not null, source text not null, id text not null,
    hash text not null, body text not null, added bigint not null,
    primary key (tenant_id, backfill_id, source, id)
);

-- The corrections that applying a backfill appended: what counted before is what stood before them.
create table billing_usage_backfill_correction (
    tenant_id text not null, backfill_id text not null, source text not null, id text not null, sequence bigint not null,
    primary key (tenant_id, backfill_id, source, id)
);

-- Whose usage of which metric applying a backfill changed.
create table billing_usage_backfill_usage (
    tenant_id text not null, backfill_id text not null, customer_id text not null, metric_id text not null,
    primary key (tenant_id, backfill_id, customer_id, metric_id)
);
