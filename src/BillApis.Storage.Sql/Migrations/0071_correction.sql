-- What a tenant chose for itself: one row each.
create table billing_setting (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);

-- The corrections of a subscription's bills, numbered: of two writers that saw the same bills only one gets the next number.
create table billing_correction (
    tenant_id text not null, subscription_id text not null, number bigint not null,
    primary key (tenant_id, subscription_id, number)
);
