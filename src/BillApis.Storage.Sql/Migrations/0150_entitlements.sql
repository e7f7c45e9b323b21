create table billing_feature (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    metric_id text, archived text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_feature_alias on billing_feature (tenant_id, alias);

create table billing_entitlement (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    customer_id text not null, feature_id text not null, ended text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create index billing_entitlement_customer on billing_entitlement (tenant_id, customer_id, id);
