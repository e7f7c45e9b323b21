create function billing_transfer_kept() returns trigger language plpgsql as $$ begin raise exception 'a transfer is never changed or deleted'; end $$;
create trigger billing_transfer_kept before update or delete on billing_transfer for each row execute function billing_transfer_kept();
