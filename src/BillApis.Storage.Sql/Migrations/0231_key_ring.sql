create table billing_ring_key (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
