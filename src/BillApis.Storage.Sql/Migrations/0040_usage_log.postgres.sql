-- Events are found through these names on every database; here the indexes of the one table do it.
create view billing_usage_by_customer as select * from billing_usage_event;
create view billing_usage_by_time as select * from billing_usage_event;
create view billing_usage_by_key as select * from billing_usage_event;
