-- Events as they were sent, in the order of their arrival. Only two columns ever change, and they say nothing about the event: whose it is and which metrics count it.
alter table billing_usage_event rename to billing_usage_event_keyed;

-- A number for each tenant's source of events, which keeps keys short.
create table billing_usage_source (no integer primary key, tenant_id text not null, source text not null, unique (tenant_id, source));

create table billing_usage_event (
    seq integer primary key, source_no bigint not null, id text not null,
    type text not null, customer text not null, customer_id text, subscription_id text not null,
    at bigint not null, recorded_at bigint not null, properties text not null, hash text not null, metrics text not null
);

-- What trails the events: everything up to the one that is named here is in the three tables below, and nothing after it.
create table billing_usage_progress (indexed bigint not null);
create table billing_usage_key (source_no bigint not null, id text not null, seq bigint not null, primary key (source_no, id)) without rowid;
create table billing_usage_customer (customer_id text not null, at bigint not null, seq bigint not null, primary key (customer_id, at, seq)) without rowid;
create table billing_usage_time (tenant_id text not null, at bigint not null, seq bigint not null, primary key (tenant_id, at, seq)) without rowid;

insert into billing_usage_source (tenant_id, source) select distinct tenant_id, source from billing_usage_event_keyed order by 1, 2;
insert into billing_usage_event (source_no, id, type, customer, customer_id, subscription_id, at, recorded_at, properties, hash, metrics)
select s.no, e.id, e.type, e.customer, e.customer_id, e.subscription_id, e.at, e.recorded_at, e.properties, e.hash, e.metrics
from billing_usage_event_keyed as e
join billing_usage_source as s on s.tenant_id = e.tenant_id and s.source = e.source
order by e.recorded_at, s.no, e.id;
drop table billing_usage_event_keyed;

insert into billing_usage_key (source_no, id, seq) select source_no, id, seq from billing_usage_event order by source_no, id;
insert into billing_usage_customer (customer_id, at, seq) select customer_id, at, seq from billing_usage_event where customer_id is not null order by customer_id, at, seq;
insert into billing_usage_time (tenant_id, at, seq)
select s.tenant_id, e.at, e.seq from billing_usage_event as e join billing_usage_source as s on s.no = e.source_no order by 1, 2, 3;
insert into billing_usage_progress (indexed) select coalesce(max(seq), 0) from billing_usage_event;

create view billing_usage_by_customer as
select s.tenant_id, s.source, e.id, e.type, e.customer, i.customer_id, e.subscription_id, i.at, e.recorded_at, e.properties, e.hash, e.metrics, i.seq
from billing_usage_customer as i cross join billing_usage_event as e cross join billing_usage_source as s
where e.seq = i.seq and s.no = e.source_no;

create view billing_usage_by_time as
select i.tenant_id, s.source, e.id, e.type, e.customer, e.customer_id, e.subscription_id, i.at, e.recorded_at, e.properties, e.hash, e.metrics, i.seq
from billing_usage_time as i cross join billing_usage_event as e cross join billing_usage_source as s
where e.seq = i.seq and s.no = e.source_no;

create view billing_usage_by_key as
select s.tenant_id, s.source, i.id, e.type, e.customer, e.customer_id, e.subscription_id, e.at, e.recorded_at, e.properties, e.hash, e.metrics, i.seq
from billing_usage_source as s cross join billing_usage_key as i cross join billing_usage_event as e
where i.source_no = s.no and e.seq = i.seq;
