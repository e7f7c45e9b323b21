-- The files that events were archived to: month is counted from 1970. What is here is in the database no more, but for its totals and keys.
create table billing_usage_archive (
    tenant_id text not null, month bigint not null, part bigint not null, file text not null, events bigint not null, bytes bigint not null, sha256 text not null, archived_at bigint not null,
    primary key (tenant_id, month, part)
);

-- Until when one node looks after old usage.
create table billing_usage_retention (lease_until bigint not null);
insert into billing_usage_retention (lease_until) values (0);
