-- As 0029: of a tenant that is new since the last analysis, the planner must not expect no rows at all.
alter table billing_transfer_pending alter column tenant_id set statistics 0;
alter table billing_transfer_refused alter column tenant_id set statistics 0;
alter table billing_account_day alter column tenant_id set statistics 0;
