-- Who redeemed which coupon; rows stay when a subscription gives the coupon up.
create table billing_subscription_coupon (
    tenant_id text not null, coupon_id text not null, subscription_id text not null,
    primary key (tenant_id, coupon_id, subscription_id)
);
insert into billing_subscription_coupon (tenant_id, coupon_id, subscription_id)
select distinct s.tenant_id, json_extract(c.value, '$.coupon'), s.id
from billing_subscription as s, json_each(s.body, '$.coupons') as c;
