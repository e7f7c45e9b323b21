-- Which invoices bill several subscriptions together.
create table billing_invoice_section (
    tenant_id text not null, subscription_id text not null, invoice_id text not null,
    primary key (tenant_id, subscription_id, invoice_id)
);
