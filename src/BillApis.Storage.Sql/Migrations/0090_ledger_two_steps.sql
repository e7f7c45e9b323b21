-- Transfers in two steps, limits and closed accounts: what is pending stands beside what is posted, and the database itself holds to the limits.
alter table billing_account add column debits_pending bigint not null default 0 check (debits_pending >= 0);
alter table billing_account add column credits_pending bigint not null default 0 check (credits_pending >= 0);
alter table billing_account add column closed bigint not null default 0 check (closed in (0, 1));
alter table billing_account add column balance_limit bigint not null default 0 check (
    balance_limit = 0 or (balance_limit = 1 and debits + debits_pending <= credits) or (balance_limit = 2 and credits + credits_pending <= debits)
);

-- step: 0 posts at once, 1 is pending, 2 posts and 3 voids a pending one. linked and closes are part of what was asked for.
alter table billing_transfer add column step bigint not null default 0 check (step between 0 and 3);
alter table billing_transfer add column linked bigint not null default 0;
alter table billing_transfer add column closes bigint not null default 0;
alter table billing_transfer add column timeout bigint not null default 0;
alter table billing_transfer add column pending_id text check ((pending_id is not null) = (step in (2, 3)));
create index billing_transfer_at on billing_transfer (tenant_id, at);
-- A pending transfer is posted or voided once.
create unique index billing_transfer_settles on billing_transfer (tenant_id, pending_id) where pending_id is not null;

-- state: 0 is pending, 1 posted, 2 voided, 3 expired.
create table billing_transfer_pending (
    tenant_id text not null, id text not null,
    debit_id text not null, credit_id text not null,
    amount bigint not null check (amount > 0), closes bigint not null,
    expires_at bigint, state bigint not null check (state between 0 and 3),
    primary key (tenant_id, id)
);
create index billing_transfer_pending_expiry on billing_transfer_pending (tenant_id, expires_at) where state = 0 and expires_at is not null;

-- Ids that were refused for the state of the books: a late repeat must not succeed where the caller was told that it failed.
create table billing_transfer_refused (tenant_id text not null, id text not null, primary key (tenant_id, id));

-- What is posted to each account of the general ledger in each UTC day: a balance as of an instant reads days, and transfers of one day only.
create table billing_account_day (
    tenant_id text not null, control text not null, day bigint not null,
    debits bigint not null check (debits >= 0), credits bigint not null check (credits >= 0),
    primary key (tenant_id, control, day)
);
insert into billing_account_day (tenant_id, control, day, debits, credits)
select e.tenant_id, a.control, e.day, cast(sum(e.debits) as bigint), cast(sum(e.credits) as bigint)
from (
    select tenant_id, debit_id as account_id, (at - ((at % 86400000000) + 86400000000) % 86400000000) / 86400000000 as day, amount as debits, 0 as credits from billing_transfer
    union all
    select tenant_id, credit_id, (at - ((at % 86400000000) + 86400000000) % 86400000000) / 86400000000, 0, amount from billing_transfer
) as e
join billing_account as a on a.tenant_id = e.tenant_id and a.id = e.account_id
group by e.tenant_id, a.control, e.day;
