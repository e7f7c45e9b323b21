-- Reservations are found by their key alone: kept in its order they need no index beside the table, and writing one costs about half.
create table billing_reservation_by_key (
    tenant_id text not null, id text not null,
    customer_id text not null, subject text not null, starts_at bigint not null,
    quantity text not null, quota_limit text, state text not null, actual text, expires_at bigint not null, also_subject text, also_limit text,
    primary key (tenant_id, id)
) without rowid;
insert into billing_reservation_by_key (tenant_id, id, customer_id, subject, starts_at, quantity, quota_limit, state, actual, expires_at, also_subject, also_limit)
select tenant_id, id, customer_id, subject, starts_at, quantity, quota_limit, state, actual, expires_at, also_subject, also_limit from billing_reservation order by tenant_id, id;
drop table billing_reservation;
alter table billing_reservation_by_key rename to billing_reservation;
create index billing_reservation_open on billing_reservation (tenant_id, customer_id, subject, starts_at, expires_at) where state = 'open';
