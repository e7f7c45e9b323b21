alter table billing_user add column realm text not null default 'admin';
alter table billing_user add column customer_id text;
create index billing_user_realm on billing_user (tenant_id, realm, id);
create index billing_user_customer on billing_user (tenant_id, customer_id, id);
