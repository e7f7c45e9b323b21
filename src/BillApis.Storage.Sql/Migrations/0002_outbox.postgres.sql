create table billing_outbox (
    position   bigint generated always as identity primary key,
    tenant_id  text   not null,
    type       text   not null,
    subject_id text   not null,
    at         bigint not null,
    data       text   not null,
    done_at    bigint
);
create index billing_outbox_pending on billing_outbox (tenant_id, position) where done_at is null;
create index billing_outbox_subject on billing_outbox (tenant_id, subject_id, position);
