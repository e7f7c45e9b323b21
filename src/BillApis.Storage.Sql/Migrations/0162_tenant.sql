create table billing_tenant (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);

create table billing_login (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_login_alias on billing_login (tenant_id, alias);
