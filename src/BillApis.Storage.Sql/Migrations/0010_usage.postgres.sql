-- Events as they were sent. Only two columns ever change, and they say nothing about the event: whose it is and which metrics count it.
create table billing_usage_event (
    tenant_id text not null, source text collate "C" not null, id text collate "C" not null,
    type text not null, customer text not null, customer_id text, subscription_id text not null,
    at bigint not null, recorded_at bigint not null, properties text not null,
    hash text not null, metrics text not null,
    primary key (tenant_id, source, id)
);
create index billing_usage_event_customer on billing_usage_event (tenant_id, customer_id, at) where customer_id is not null;
create index billing_usage_event_at on billing_usage_event (tenant_id, at);

-- Running totals by hour (since 1970). A column that the metric's aggregation does not need is null.
create table billing_usage_total (
    tenant_id text not null, customer_id text not null, metric_id text not null, hour bigint not null, subscription_id text not null, dimensions text collate "C" not null,
    events bigint not null, value_sum numeric, value_max numeric, value_min numeric, latest_at bigint, latest_tie text collate "C", latest_value numeric,
    primary key (tenant_id, customer_id, metric_id, hour, subscription_id, dimensions)
);

-- The different values of each hour, for metrics that count those.
create table billing_usage_item (
    tenant_id text not null, customer_id text not null, metric_id text not null, hour bigint not null, subscription_id text not null, dimensions text collate "C" not null,
    item text collate "C" not null,
    primary key (tenant_id, customer_id, metric_id, hour, subscription_id, dimensions, item)
);

-- Up to where the usage of a subscription was billed.
create table billing_usage_gate (
    tenant_id text not null, customer_id text not null, metric_id text not null, subscription_id text not null, closed_until bigint not null,
    primary key (tenant_id, customer_id, metric_id, subscription_id)
);

-- What is kept without being counted; metric_id is empty where that is the whole event.
create table billing_usage_orphan (
    tenant_id text not null, source text collate "C" not null, id text collate "C" not null, metric_id text not null,
    reason text not null, recorded_at bigint not null, recovered_at bigint,
    primary key (tenant_id, source, id, metric_id)
);
create index billing_usage_orphan_open on billing_usage_orphan (tenant_id, recorded_at, source, id, metric_id) where recovered_at is null;
