-- Sources and ids are compared byte by byte as those of events are: by another order, the index of corrections cannot be used to find those of an event.
alter table billing_usage_correction alter column source type text collate "C", alter column id type text collate "C";
alter table billing_usage_correction alter column tenant_id set statistics 0;
