create trigger billing_transfer_kept before update on billing_transfer begin select raise(abort, 'a transfer is never changed'); end;
create trigger billing_transfer_stays before delete on billing_transfer begin select raise(abort, 'a transfer is never deleted'); end;
