-- Portable: text, bigint and nothing else. A thing stands whole in body; what it is found by stands beside it.
create table billing_customer (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    email text, archived text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_customer_alias on billing_customer (tenant_id, alias);

create table billing_product (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    archived text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_product_alias on billing_product (tenant_id, alias);

create table billing_metric (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    event_type text not null, archived text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_metric_alias on billing_metric (tenant_id, alias);

create table billing_price (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    product_id text, metric_id text, model text not null, currency text not null, archived text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_price_alias on billing_price (tenant_id, alias);

create table billing_plan (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    status text not null, archived text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_plan_alias on billing_plan (tenant_id, alias);

create table billing_subscription (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    customer_id text not null, plan_id text not null, status text not null,
    next_billing_at bigint, auto_billing_at bigint, leased_until bigint,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_subscription_alias on billing_subscription (tenant_id, alias);
create index billing_subscription_customer on billing_subscription (tenant_id, customer_id, id);
create index billing_subscription_plan on billing_subscription (tenant_id, plan_id, id);
create index billing_subscription_due on billing_subscription (tenant_id, next_billing_at) where next_billing_at is not null;
create index billing_subscription_auto on billing_subscription (auto_billing_at) where auto_billing_at is not null;

create table billing_invoice (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    customer_id text not null, subscription_id text, kind text not null, period_start bigint, sequence bigint not null,
    status text not null, currency text not null, series text, number bigint,
    total_minor bigint not null, paid_minor bigint not null, issued_at bigint, due_at bigint,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_invoice_alias on billing_invoice (tenant_id, alias);
create unique index billing_invoice_once on billing_invoice (tenant_id, subscription_id, period_start, kind, sequence) where subscription_id is not null;
create unique index billing_invoice_number on billing_invoice (tenant_id, series, number) where number is not null;
create index billing_invoice_customer on billing_invoice (tenant_id, customer_id, id);
create index billing_invoice_subscription on billing_invoice (tenant_id, subscription_id, id) where subscription_id is not null;
create index billing_invoice_past_due on billing_invoice (due_at) where status in ('issued', 'partially_paid');
create index billing_invoice_status on billing_invoice (tenant_id, status, id);

create table billing_invoice_run (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    status text not null, progress_at bigint not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_invoice_run_alias on billing_invoice_run (tenant_id, alias);
create index billing_invoice_run_running on billing_invoice_run (progress_at) where status = 'running';

-- The next number of each series; it moves in the transaction that issues, so that numbers have no gaps.
create table billing_series (
    tenant_id text not null, series text not null, next bigint not null,
    primary key (tenant_id, series)
);
