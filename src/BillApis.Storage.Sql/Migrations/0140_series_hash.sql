alter table billing_series add column last_hash text;
