create table billing_coupon (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    archived text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_coupon_alias on billing_coupon (tenant_id, alias);

create table billing_tax_rate (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    country text not null, region text, tax_category text, archived text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);

create table billing_credit_grant (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    customer_id text not null, category text not null, currency text not null, balance_minor bigint not null,
    ends_at bigint, next_change_at bigint,
    body text not null, version bigint not null,
    primary key (tenant_id, id),
    check (balance_minor >= 0)
);
create index billing_credit_grant_customer on billing_credit_grant (tenant_id, customer_id, id);
create index billing_credit_grant_due on billing_credit_grant (next_change_at) where next_change_at is not null;

create table billing_credit_entry (
    tenant_id text not null, grant_id text not null, number bigint not null, id text not null,
    customer_id text not null, kind text not null, amount_minor bigint not null, balance_minor bigint not null, currency text not null,
    invoice_id text, at bigint not null,
    primary key (tenant_id, grant_id, number),
    check (balance_minor >= 0)
);
create index billing_credit_entry_customer on billing_credit_entry (tenant_id, customer_id, id);
