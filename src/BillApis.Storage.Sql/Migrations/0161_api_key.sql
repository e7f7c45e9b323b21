create table billing_api_key (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    customer_id text, mode text not null, revoked text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create index billing_api_key_customer on billing_api_key (tenant_id, customer_id, id);
