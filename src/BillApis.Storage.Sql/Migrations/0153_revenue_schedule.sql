create table billing_revenue_schedule (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    customer_id text not null, invoice_id text not null, next_at bigint,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create index billing_revenue_schedule_invoice on billing_revenue_schedule (tenant_id, invoice_id, id);
create index billing_revenue_schedule_customer on billing_revenue_schedule (tenant_id, customer_id, id);
create index billing_revenue_schedule_due on billing_revenue_schedule (next_at) where next_at is not null;
