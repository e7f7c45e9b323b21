-- Many events in one row. An event's number stays what it was: that of its block, times 64, and its place in it.
insert into billing_usage_key (source_no, id, seq)
select source_no, id, seq from billing_usage_event where seq > (select indexed from billing_usage_progress) order by source_no, id;
insert into billing_usage_customer (customer_id, at, seq)
select customer_id, at, seq from billing_usage_event where seq > (select indexed from billing_usage_progress) and customer_id is not null order by customer_id, at, seq;
insert into billing_usage_time (tenant_id, at, seq)
select s.tenant_id, e.at, e.seq from billing_usage_event as e join billing_usage_source as s on s.no = e.source_no
where e.seq > (select indexed from billing_usage_progress) order by 1, 2, 3;

create table billing_usage_block (no integer primary key, events blob not null);
insert into billing_usage_block (no, events)
select seq / 64, billing_event_block(seq % 64, source_no, id, type, customer, customer_id, subscription_id, at, recorded_at, properties, hash, metrics)
from billing_usage_event
group by seq / 64
order by 1;

-- In blocks from here on.
update billing_usage_progress set indexed = (select coalesce(max(no), 0) from billing_usage_block);

drop view billing_usage_by_customer;
drop view billing_usage_by_time;
drop view billing_usage_by_key;
drop table billing_usage_event;

create view billing_usage_by_customer as
select s.tenant_id, s.source, billing_event(b.events, i.seq % 64, 'id') as id, billing_event(b.events, i.seq % 64, 'type') as type, billing_event(b.events, i.seq % 64, 'customer') as customer, i.customer_id,
       billing_event(b.events, i.seq % 64, 'subscription_id') as subscription_id, i.at, billing_event(b.events, i.seq % 64, 'recorded_at') as recorded_at,
       billing_event(b.events, i.seq % 64, 'properties') as properties, billing_event(b.events, i.seq % 64, 'hash') as hash, billing_event(b.events, i.seq % 64, 'metrics') as metrics, i.seq
from billing_usage_customer as i cross join billing_usage_block as b cross join billing_usage_source as s
where b.no = i.seq / 64 and s.no = billing_event(b.events, i.seq % 64, 'source_no');

create view billing_usage_by_time as
select i.tenant_id, s.source, billing_event(b.events, i.seq % 64, 'id') as id, billing_event(b.events, i.seq % 64, 'type') as type, billing_event(b.events, i.seq % 64, 'customer') as customer,
       billing_event(b.events, i.seq % 64, 'customer_id') as customer_id, billing_event(b.events, i.seq % 64, 'subscription_id') as subscription_id, i.at,
       billing_event(b.events, i.seq % 64, 'recorded_at') as recorded_at, billing_event(b.events, i.seq % 64, 'properties') as properties, billing_event(b.events, i.seq % 64, 'hash') as hash,
       billing_event(b.events, i.seq % 64, 'metrics') as metrics, i.seq
from billing_usage_time as i cross join billing_usage_block as b cross join billing_usage_source as s
where b.no = i.seq / 64 and s.no = billing_event(b.events, i.seq % 64, 'source_no');

create view billing_usage_by_key as
select s.tenant_id, s.source, i.id, billing_event(b.events, i.seq % 64, 'type') as type, billing_event(b.events, i.seq % 64, 'customer') as customer,
       billing_event(b.events, i.seq % 64, 'customer_id') as customer_id, billing_event(b.events, i.seq % 64, 'subscription_id') as subscription_id, billing_event(b.events, i.seq % 64, 'at') as at,
       billing_event(b.events, i.seq % 64, 'recorded_at') as recorded_at, billing_event(b.events, i.seq % 64, 'properties') as properties, billing_event(b.events, i.seq % 64, 'hash') as hash,
       billing_event(b.events, i.seq % 64, 'metrics') as metrics, i.seq
from billing_usage_source as s cross join billing_usage_key as i cross join billing_usage_block as b
where i.source_no = s.no and b.no = i.seq / 64;
