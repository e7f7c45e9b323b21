create function billing_credit_entry_kept() returns trigger language plpgsql as $$ begin raise exception 'a credit entry is never changed or deleted'; end $$;
create trigger billing_credit_entry_kept before update or delete on billing_credit_entry for each row execute function billing_credit_entry_kept();
alter table billing_coupon alter column tenant_id set statistics 0;
alter table billing_tax_rate alter column tenant_id set statistics 0;
alter table billing_credit_grant alter column tenant_id set statistics 0;
alter table billing_credit_entry alter column tenant_id set statistics 0;
