create table billing_spend_limit (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    customer_id text not null, deleted text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create index billing_spend_limit_customer on billing_spend_limit (tenant_id, customer_id, id);
create index billing_spend_limit_watched on billing_spend_limit (id) where deleted = 'false';

create table billing_spend_record (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    customer_id text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create index billing_spend_record_customer on billing_spend_record (tenant_id, customer_id, id);
