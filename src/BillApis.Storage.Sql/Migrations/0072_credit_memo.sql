create table billing_credit_memo (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    customer_id text not null, invoice_id text not null, subscription_id text, status text not null,
    series text not null, number bigint not null, total_minor bigint not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_credit_memo_alias on billing_credit_memo (tenant_id, alias);
create unique index billing_credit_memo_number on billing_credit_memo (tenant_id, series, number);
create index billing_credit_memo_invoice on billing_credit_memo (tenant_id, invoice_id, id);
create index billing_credit_memo_customer on billing_credit_memo (tenant_id, customer_id, id);
create index billing_credit_memo_subscription on billing_credit_memo (tenant_id, subscription_id, id) where subscription_id is not null;
