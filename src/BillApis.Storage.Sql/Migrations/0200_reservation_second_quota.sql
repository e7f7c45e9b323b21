-- An amount that is set aside for one subscription counts in the customer's quota and in the subscription's.
alter table billing_reservation add column also_subject text;
alter table billing_reservation add column also_limit text;
