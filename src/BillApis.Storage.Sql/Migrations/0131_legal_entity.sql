create table billing_legal_entity (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    archived text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_legal_entity_alias on billing_legal_entity (tenant_id, alias);

alter table billing_customer add column legal_entity_id text;
create index billing_customer_legal_entity on billing_customer (tenant_id, legal_entity_id, id) where legal_entity_id is not null;
