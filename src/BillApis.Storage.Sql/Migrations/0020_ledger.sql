-- Double entry, append-only: a transfer is never updated or deleted, and the balances move in the transaction that stores it.
create table billing_account (
    tenant_id text not null, id text not null, code text not null,
    kind text not null, asset text not null, owner text,
    control text not null,
    debits bigint not null check (debits between 0 and 9223372036854775807),
    credits bigint not null check (credits between 0 and 9223372036854775807),
    primary key (tenant_id, id)
);
create unique index billing_account_code on billing_account (tenant_id, code);
create index billing_account_owner on billing_account (tenant_id, owner, code) where owner is not null;

create table billing_transfer (
    tenant_id text not null, id text not null,
    debit_id text not null, credit_id text not null, asset text not null,
    amount bigint not null check (amount > 0),
    at bigint not null, kind bigint not null, cause text not null,
    primary key (tenant_id, id),
    check (debit_id <> credit_id)
);
create index billing_transfer_debit on billing_transfer (tenant_id, debit_id, at, id);
create index billing_transfer_credit on billing_transfer (tenant_id, credit_id, at, id);
