-- Until when status and plan of a subscription are what its columns say; what was saved before is looked at anew.
alter table billing_subscription add column state_until bigint;
update billing_subscription set state_until = 0;
create index billing_subscription_state on billing_subscription (tenant_id, state_until) where state_until is not null;
