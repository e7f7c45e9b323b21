-- Quantities are exact decimals as canonical text in both databases: they are read, never added up in SQL.
create table billing_quota (
    tenant_id text not null, customer_id text not null, subject text not null, starts_at bigint not null,
    used text not null, reserved text not null, next_expiry bigint,
    primary key (tenant_id, customer_id, subject, starts_at),
    check (substr(reserved, 1, 1) <> '-')
);
create index billing_quota_expiry on billing_quota (next_expiry) where next_expiry is not null;

create table billing_reservation (
    tenant_id text not null, id text not null,
    customer_id text not null, subject text not null, starts_at bigint not null,
    quantity text not null, quota_limit text, state text not null, actual text, expires_at bigint not null,
    primary key (tenant_id, id)
);
create index billing_reservation_open on billing_reservation (tenant_id, customer_id, subject, starts_at, expires_at) where state = 'open';
