-- What was said of an event later, in order; the event stays as it was sent. The content of an amendment counts in its place; a void has none. Nothing here ever changes.
create table billing_usage_correction (
    tenant_id text not null, source text not null, id text not null, sequence bigint not null, correction_id text not null, reason text, recorded_at bigint not null,
    type text, customer text, customer_id text, subscription_id text, at bigint, arrived_at bigint not null, properties text, metrics text,
    primary key (tenant_id, source, id, sequence)
);
create index billing_usage_correction_customer on billing_usage_correction (tenant_id, customer_id, at) where customer_id is not null;
