create table billing_stored_answer (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_stored_answer_alias on billing_stored_answer (tenant_id, alias);
