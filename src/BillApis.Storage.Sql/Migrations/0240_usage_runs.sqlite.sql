-- What finds events, in few wide rows: keys in runs, in the order of their hashes; and what each owner, a customer or a tenant, has of one hour.
drop view billing_usage_by_customer;
drop view billing_usage_by_time;
drop view billing_usage_by_key;
drop table billing_usage_key;
drop table billing_usage_customer;
drop table billing_usage_time;

create table billing_usage_key_run (no integer primary key, stamp bigint not null, pages bigint not null, keys bigint not null);
create table billing_usage_key_page (no integer primary key, keys blob not null);
create table billing_usage_slice (no integer primary key, owner text not null, first_at bigint not null, last_at bigint not null, events blob not null);
create index billing_usage_slice_owner on billing_usage_slice (owner, last_at, first_at);

-- All events are entered anew, once the scripts are through. An event's number is that of its block, times 64, and its place in it.
update billing_usage_progress set indexed = -1;
create table billing_usage_place (place integer primary key);
insert into billing_usage_place with recursive p(place) as (values (0) union all select place + 1 from p where place < 63) select place from p;

create view billing_usage_by_customer as
select s.tenant_id, s.source, billing_event(b.events, v.key % 64, 'id') as id, billing_event(b.events, v.key % 64, 'type') as type, billing_event(b.events, v.key % 64, 'customer') as customer, i.owner as customer_id,
       billing_event(b.events, v.key % 64, 'subscription_id') as subscription_id, v.value as at, billing_event(b.events, v.key % 64, 'recorded_at') as recorded_at,
       billing_event(b.events, v.key % 64, 'properties') as properties, billing_event(b.events, v.key % 64, 'hash') as hash, billing_event(b.events, v.key % 64, 'metrics') as metrics,
       cast(v.key as integer) as seq, i.first_at, i.last_at
from billing_usage_slice as i cross join json_each(billing_slice(i.events)) as v cross join billing_usage_block as b cross join billing_usage_source as s
where i.owner glob 'cus_*' and b.no = v.key / 64 and s.no = billing_event(b.events, v.key % 64, 'source_no');

create view billing_usage_by_time as
select i.owner as tenant_id, s.source, billing_event(b.events, v.key % 64, 'id') as id, billing_event(b.events, v.key % 64, 'type') as type, billing_event(b.events, v.key % 64, 'customer') as customer,
       billing_event(b.events, v.key % 64, 'customer_id') as customer_id, billing_event(b.events, v.key % 64, 'subscription_id') as subscription_id, v.value as at,
       billing_event(b.events, v.key % 64, 'recorded_at') as recorded_at, billing_event(b.events, v.key % 64, 'properties') as properties, billing_event(b.events, v.key % 64, 'hash') as hash,
       billing_event(b.events, v.key % 64, 'metrics') as metrics, cast(v.key as integer) as seq, i.first_at, i.last_at
from billing_usage_slice as i cross join json_each(billing_slice(i.events)) as v cross join billing_usage_block as b cross join billing_usage_source as s
where i.owner glob 'ten_*' and b.no = v.key / 64 and s.no = billing_event(b.events, v.key % 64, 'source_no');

-- An event that is archived has no properties left, and is not found by its number.
create view billing_usage_by_number as
select s.tenant_id, s.source, billing_event(b.events, p.place, 'id') as id, billing_event(b.events, p.place, 'type') as type, billing_event(b.events, p.place, 'customer') as customer,
       billing_event(b.events, p.place, 'customer_id') as customer_id, billing_event(b.events, p.place, 'subscription_id') as subscription_id, billing_event(b.events, p.place, 'at') as at,
       billing_event(b.events, p.place, 'recorded_at') as recorded_at, billing_event(b.events, p.place, 'properties') as properties, billing_event(b.events, p.place, 'hash') as hash,
       billing_event(b.events, p.place, 'metrics') as metrics, b.no as block, p.place
from billing_usage_block as b cross join billing_usage_place as p cross join billing_usage_source as s
where s.no = billing_event(b.events, p.place, 'source_no') and billing_event(b.events, p.place, 'properties') <> '';
