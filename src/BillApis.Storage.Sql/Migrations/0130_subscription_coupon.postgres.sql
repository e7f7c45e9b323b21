-- Who redeemed which coupon; rows stay when a subscription gives the coupon up.
create table billing_subscription_coupon (
    tenant_id text not null, coupon_id text not null, subscription_id text not null,
    primary key (tenant_id, coupon_id, subscription_id)
);
alter table billing_subscription_coupon alter column tenant_id set statistics 0;
insert into billing_subscription_coupon (tenant_id, coupon_id, subscription_id)
select distinct s.tenant_id, c.value ->> 'coupon', s.id
from billing_subscription as s, jsonb_array_elements(s.body::jsonb -> 'coupons') as c;
