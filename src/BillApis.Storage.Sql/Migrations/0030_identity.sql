create table billing_user (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_user_alias on billing_user (tenant_id, alias);

create table billing_session (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    user_id text not null, is_open text not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create index billing_session_user on billing_session (tenant_id, user_id, id);

create table billing_signing_key (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
