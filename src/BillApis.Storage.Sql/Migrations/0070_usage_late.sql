-- Usage that changed after it was billed, until it is rated again: one row for each subscription and metric. The mark is another one after each change.
create table billing_usage_late (
    tenant_id text not null, subscription_id text not null, metric_id text not null, customer_id text not null,
    first_at bigint not null, last_at bigint not null, mark text not null, wait_until bigint,
    primary key (tenant_id, subscription_id, metric_id)
);
