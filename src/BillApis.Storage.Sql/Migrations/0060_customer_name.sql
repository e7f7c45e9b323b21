-- Other names of a customer that usage may come under.
create table billing_customer_name (
    tenant_id text not null, alias text not null, customer_id text not null,
    primary key (tenant_id, alias)
);
create index billing_customer_name_customer on billing_customer_name (tenant_id, customer_id);
