-- Subscriptions whose usage is billed before its period ends, once it reaches a threshold.
alter table billing_subscription add column watched text;
create index billing_subscription_watched on billing_subscription (id) where watched is not null;
