-- An event that is archived has no properties left; its key and hash stay, and it is found by key no more.
drop view billing_usage_by_key;
create view billing_usage_by_key as
select s.tenant_id, s.source, i.id, billing_event(b.events, i.seq % 64, 'type') as type, billing_event(b.events, i.seq % 64, 'customer') as customer,
       billing_event(b.events, i.seq % 64, 'customer_id') as customer_id, billing_event(b.events, i.seq % 64, 'subscription_id') as subscription_id, billing_event(b.events, i.seq % 64, 'at') as at,
       billing_event(b.events, i.seq % 64, 'recorded_at') as recorded_at, billing_event(b.events, i.seq % 64, 'properties') as properties, billing_event(b.events, i.seq % 64, 'hash') as hash,
       billing_event(b.events, i.seq % 64, 'metrics') as metrics, i.seq
from billing_usage_source as s cross join billing_usage_key as i cross join billing_usage_block as b
where i.source_no = s.no and b.no = i.seq / 64 and billing_event(b.events, i.seq % 64, 'properties') <> '';
